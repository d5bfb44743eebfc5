import Foundation
import Glibc
import Supervisor
import Synchronization
import Testing

/// Children that are small shell scripts.
enum Child {
    /// Says that it is ready and runs until SIGTERM or until its standard input closes.
    static func waiting(_ name: String, address: String = "127.0.0.1:1") -> ChildSpecification {
        script(name, "echo READY \(name) \(address); exec cat >/dev/null")
    }

    static func script(
        _ name: String, _ script: String, environment: [String: String] = [:]
    ) -> ChildSpecification {
        ChildSpecification(
            name: name, executable: "/bin/sh", arguments: ["-c", script], environment: environment)
    }
}

extension SupervisorPolicy {
    /// Short times for tests.
    static var quick: SupervisorPolicy {
        var policy = SupervisorPolicy()
        policy.firstPause = .milliseconds(2)
        policy.longestPause = .milliseconds(5)
        return policy
    }
}

/// Collects lines.
final class Lines: Sendable {
    private let lines = Mutex<[ChildLine]>([])

    func add(_ line: ChildLine) {
        lines.withLock { $0.append(line) }
    }

    var all: [ChildLine] { lines.withLock { $0 } }
}

/// Runs the supervisor until the first event for which `isLast` is true, and stops it.
func events(
    of supervisor: Supervisor, until isLast: (SupervisorEvent) -> Bool
) async throws -> [SupervisorEvent] {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await supervisor.run(signals: []) }
        var found: [SupervisorEvent] = []
        for await event in supervisor.events {
            found.append(event)
            if isLast(event) { supervisor.stop() }
        }
        try await group.waitForAll()
        return found
    }
}

/// Whether there is a process with that id (a zombie counts).
func exists(_ processID: Int32) -> Bool {
    kill(processID, 0) == 0
}

/// Shows whether any process still holds it: a script opens it by `exec 3>PATH`.
struct Lifeline {
    let path: String
    private let reading: Int32

    init(in folder: String) throws {
        path = folder + "/alive"
        try #require(mkfifo(path, 0o600) == 0)
        reading = open(path, O_RDONLY | O_NONBLOCK)
        try #require(reading >= 0)
    }

    /// Waits until nobody holds it any more; false when somebody still does after 20 seconds. A holder
    /// has written to it before, or it was never held.
    func wasHeldAndIsFree() -> Bool {
        defer { close(reading) }
        var bytes = [UInt8](repeating: 0, count: 64)
        guard read(reading, &bytes, bytes.count) > 0 else { return false }
        var waiting = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 20_000) == 1 && waiting.revents & Int16(POLLHUP) != 0
    }
}

/// A folder of its own, removed afterwards.
func withTemporaryFolder<Result>(
    _ body: (String) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("supervisor-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}
