import ArgumentParser
import Domain
import Foundation
import ZhichengClient

/// The session that `zhicheng sign-in` keeps for the commands after it.
struct StoredSession: Codable {
    /// 64 hexadecimal digits.
    let session: String
    let account: String

    /// The token's 32 bytes; nil when the file was changed by somebody.
    var bytes: [UInt8]? {
        Hexadecimal.bytes(session).flatMap { $0.count == 32 ? $0 : nil }
    }

    init(session: [UInt8], account: String) {
        self.session = Hexadecimal.text(session)
        self.account = account
    }
}

/// Where the session is kept.
struct SessionOptions: ParsableArguments {
    @Option(
        help: """
            File of the session that sign-in keeps. Environment: ZHICHENG_SESSION. \
            Default: zhicheng/session in the user's state folder.
            """)
    var session: String?

    /// The signed-in user's token.
    func token() throws(CommandFailure) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.notAuthorised, "nobody is signed in: zhicheng sign-in ACCOUNT")
        }
        guard data.count <= 4_096,
            let stored = try? JSONDecoder().decode(StoredSession.self, from: data),
            let bytes = stored.bytes
        else {
            throw CommandFailure(.notAuthorised, "\(path) holds no session: sign in again")
        }
        return bytes
    }

    /// Keeps the session, readable by its owner only.
    func store(_ session: StoredSession) throws(CommandFailure) {
        let file = URL(fileURLWithPath: path)
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try writePrivately(JSONEncoder().encode(session), to: file.path)
        } catch {
            throw CommandFailure(.usage, "cannot keep the session in \(path): \(reason(error))")
        }
    }

    /// Forgets the session.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    private var path: String {
        let environment = ProcessInfo.processInfo.environment
        if let path = session ?? environment["ZHICHENG_SESSION"], !path.isEmpty { return path }
        let state =
            environment["XDG_STATE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
            ?? FileManager.default.homeDirectoryForCurrentUser.path + "/.local/state"
        return state + "/zhicheng/session"
    }
}
