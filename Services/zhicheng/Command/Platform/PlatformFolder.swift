import Domain
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The folder of one platform on this machine: keys, databases, and what `dev` remembers.
struct PlatformFolder {
    /// An absolute path.
    let path: String

    init(_ path: String) {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    }

    var keys: DeploymentKeys { DeploymentKeys(folder: path) }
    var certificates: DeploymentCertificates { DeploymentCertificates(path + "/certificates") }

    /// Makes what is missing of keys and certificates.
    func makeKeys() throws(CommandFailure) {
        _ = try keys.makeMissing()
        _ = try certificates.make(at: Date())
    }

    func database(_ name: String) -> String { "\(path)/\(name).db" }

    /// What `dev` remembers of the demonstration data that it made.
    struct Memory: Codable {
        /// When the data were made, by this machine's clock, in seconds since 1970.
        let madeAtSeconds: Double
        /// There are none: `dev --empty` made the folder.
        let isEmpty: Bool
    }

    /// How far the demonstration data are.
    enum Demonstration {
        case missing
        /// A run of `dev` ended while it made them.
        case unfinished
        case complete(Memory)
    }

    var demonstration: Demonstration {
        if let data = FileManager.default.contents(atPath: memoryPath),
            let memory = try? JSONDecoder().decode(Memory.self, from: data)
        {
            return .complete(memory)
        }
        return FileManager.default.fileExists(atPath: unfinishedPath) ? .unfinished : .missing
    }

    /// Keeps others from running a platform in the folder, until the returned handle goes.
    /// - Throws: when somebody does.
    func lock() throws(CommandFailure) -> FileHandle {
        let file = path + "/dev.lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(
                .usage, "cannot write in \(path): \(String(cString: strerror(errno)))")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(
                .usage, "another `zhicheng dev` runs with \(path); choose a folder with --data")
        }
        return handle
    }

    /// Whether there is a database already.
    var hasData: Bool {
        ServiceProcess.all.contains {
            FileManager.default.fileExists(atPath: database($0.database))
        }
    }

    /// Gives another folder what is remembered of complete demonstration data.
    func copyMemory(to other: PlatformFolder) throws(CommandFailure) {
        guard case .complete(let memory) = demonstration else { return }
        try other.finishDemonstration(memory)
    }

    /// From now on the data here are demonstration data that are not complete.
    func beginDemonstration() throws(CommandFailure) {
        try write(Data(), to: unfinishedPath)
    }

    /// The demonstration data are complete.
    func finishDemonstration(_ memory: Memory) throws(CommandFailure) {
        guard let data = try? JSONEncoder().encode(memory) else { return }
        try write(data, to: memoryPath)
        try? FileManager.default.removeItem(atPath: unfinishedPath)
    }

    /// Removes databases and attachments; only of demonstration data that are not complete.
    func removeUnfinished() throws(CommandFailure) {
        guard case .unfinished = demonstration else { return }
        for process in ServiceProcess.all {
            for ending in ["", "-wal", "-shm", ".lock", ".clock", ".files"] {
                let file = database(process.database) + ending
                guard FileManager.default.fileExists(atPath: file) else { continue }
                do {
                    try FileManager.default.removeItem(atPath: file)
                } catch {
                    throw CommandFailure(.usage, "cannot remove \(file): \(reason(error))")
                }
            }
        }
    }

    private var memoryPath: String { path + "/demonstration.json" }
    private var unfinishedPath: String { path + "/demonstration.unfinished" }

    private func write(_ data: Data, to file: String) throws(CommandFailure) {
        do {
            try writePrivately(data, to: file)
        } catch {
            throw CommandFailure(.usage, "cannot write \(file): \(reason(error))")
        }
    }
}

/// The clock that the services of a demonstration are started with (decision 11).
enum DemonstrationClock {
    /// The day of the manual's screens.
    static let start = "2022-04-19T09:00+08:00"

    /// The start for data that were made some time ago: it ticked on since then, so that it never goes back.
    static func start(secondsAfter seconds: Double) -> String {
        guard let first = try? Timestamp(iso: start) else { return start }
        let passed = Int64(max(0, min(seconds, 400 * 86_400))) * 1_000
        let text = Timestamp(milliseconds: first.milliseconds + passed).text
        return text.replacingOccurrences(of: " ", with: "T") + "+08:00"
    }
}
