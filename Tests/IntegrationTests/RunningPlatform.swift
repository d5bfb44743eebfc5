import Foundation
import RPCTransport
import Secrets
import Supervisor
import Synchronization
import TestSupport
import ZhichengClient

/// `zhicheng dev` with its demonstration data, in a temporary folder on free ports.
final class RunningPlatform: Sendable {
    let folder: TemporaryFolder
    let basePort: Int
    private let process: Mutex<Process>

    /// The demonstration's officer of 福州市第一中学, who uses a password.
    static let officer = (account: "yizhong-shenhe", password: "Yanshi-2022")

    private init(folder: TemporaryFolder, basePort: Int, process: sending Process) {
        self.folder = folder
        self.basePort = basePort
        self.process = Mutex(process)
    }

    /// Starts it, lends it, stops it.
    /// - Parameter empty: without the demonstration data.
    static func with<Result>(
        empty: Bool = false, _ body: (RunningPlatform) async throws -> Result
    ) async throws -> Result {
        let platform = try await start(empty: empty)
        do {
            let result = try await body(platform)
            platform.stop()
            return result
        } catch {
            platform.stop()
            throw error
        }
    }

    struct NotReady: Error, CustomStringConvertible {
        let description: String
    }

    private static func start(empty: Bool) async throws -> RunningPlatform {
        let folder = try TemporaryFolder()
        let basePort = try freeBasePort()
        let process = Process()
        let output = Pipe()
        process.executableURL = Products.executable("zhicheng")
        process.arguments =
            ["dev", "--data", folder.path + "/data", "--port", "\(basePort)"]
            + (empty ? ["--empty"] : [])
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        let rest = Mutex("")
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            guard !data.isEmpty else {
                handle.readabilityHandler = nil
                return line.finish()
            }
            rest.withLock { rest in
                rest += String(decoding: data, as: UTF8.self)
                while let end = rest.firstIndex(of: "\n") {
                    line.yield(String(rest[..<end]))
                    rest.removeSubrange(...end)
                }
            }
        }
        try process.run()
        var said: [String] = []
        for await text in lines {
            said.append(text)
            if text.contains("is ready after") {
                return RunningPlatform(folder: folder, basePort: basePort, process: process)
            }
        }
        folder.remove()
        throw NotReady(description: said.suffix(20).joined(separator: "\n"))
    }

    /// A port whose followers are free as well.
    private static func freeBasePort() throws -> Int {
        for _ in 0..<50 {
            guard let port = freeLoopbackPorts(1).first, port < 65_000 else { continue }
            let wanted = [0, 1, 2, 3, 4, 9].map { port + $0 }
            if wanted.allSatisfy(isFree) { return port }
        }
        throw NotReady(description: "no free ports")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private func stop() {
        process.withLock { process in
            process.terminate()
            process.waitUntilExit()
        }
        folder.remove()
    }

    func port(of service: ServiceName) -> Int { service.standardPort - 7001 + basePort }

    /// The certificate that users trust.
    var authorityFile: String { folder.path + "/data/certificates/ca.pem" }

    /// Of the operator's certificate.
    var operatorFolder: String { folder.path + "/data/certificates/zhicheng" }

    /// Of a person at a terminal beside it.
    var environment: [String: String] {
        [
            "XDG_STATE_HOME": folder.path, "HOME": folder.path, "ZHICHENG_CA": authorityFile,
        ]
    }

    func database(_ name: String) -> String { "\(folder.path)/data/\(name).db" }

    /// The process ids of a service's processes under this platform's supervisor.
    func processes(of service: ServiceName) throws -> [pid_t] {
        let supervisor = process.withLock { $0.processIdentifier }
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
            guard let id = pid_t(name),
                let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
                let afterName = status.lastIndex(of: ")")
            else { return nil }
            let fields = status[afterName...].split(separator: " ")
            guard fields.count > 2, fields[1] != "Z", pid_t(fields[2]) == supervisor,
                let target = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(id)/exe"),
                target.hasSuffix("/\(service.rawValue)")
            else { return nil }
            return id
        }
    }

    /// Ends a service as a power failure would.
    func kill(_ service: ServiceName) throws {
        for id in try processes(of: service) { _ = Glibc.kill(id, SIGKILL) }
    }

    /// A client without a user.
    func withClient<Value: Sendable>(
        _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await ZhichengClient.withClient(
            ClientConfiguration(
                credentials: try TLSCredentials(authorityFile: authorityFile),
                endpoints: ServiceEndpoints(basePort: basePort), timeout: .seconds(30),
                retries: RetryPolicy(attempts: 20)), body)
    }

    /// A client with the operator's certificate.
    func withOperator<Value: Sendable>(
        _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await ZhichengClient.withClient(
            ClientConfiguration(
                credentials: try TLSCredentials(folder: operatorFolder),
                endpoints: ServiceEndpoints(basePort: basePort), timeout: .seconds(30),
                retries: RetryPolicy(attempts: 20)), body)
    }

    /// A client of the demonstration's officer.
    func withOfficer<Value: Sendable>(
        _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await withClient { client in
            let reply = try await client.identity.signIn(
                Identity.SignInRequest(
                    account: Self.officer.account, password: Self.officer.password))
            return try await body(client.signedIn(reply.session))
        }
    }
}
