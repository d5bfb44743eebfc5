import Dispatch
import Domain
import Foundation
import Testing

@testable import Storage

@Suite("kill -9", .serialized)
struct CrashTests {
    @Test("Whatever was answered is there after any number of kills, once")
    func answeredSurvives() async throws {
        try await withFolder { folder in
            var answered: Set<Int64> = []
            for round in 0..<12 as Range<Int64> {
                // From before the first command is done to well among them.
                let microseconds = Int.random(in: 0...(round % 3 == 0 ? 5_000 : 120_000))
                let result = await #expect(
                    processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]
                ) {
                    [
                        folder = folder as String, round = round as Int64,
                        microseconds = microseconds as Int
                    ] in
                    try await writeUntilKilled(
                        folder: folder, round: round, microseconds: microseconds)
                }
                answered.formUnion(ids(try #require(result).standardOutputContent))
                try await check(folder, answered)
            }
            #expect(answered.count > 100)
        }
    }

    @Test("A commit whose writing fails is not answered: the process ends, and says why")
    func failedWrite() async throws {
        try await withFolder { folder in
            let result = await #expect(
                processExitsWith: .signal(SIGABRT),
                observing: [\.standardOutputContent, \.standardErrorContent]
            ) { [folder = folder as String] in
                try await writeUntilAFileIsTooLarge(folder: folder)
            }
            let child = try #require(result)
            let answered = Set(ids(child.standardOutputContent))
            #expect(answered.count > 3)
            let said = String(decoding: child.standardErrorContent, as: UTF8.self)
            #expect(said.contains("storage:") && said.contains("the process ends"))
            try await check(folder, answered)
        }
    }

    /// The whole lines of what a child said.
    private func ids(_ output: [UInt8]) -> [Int64] {
        String(decoding: output, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        )
        .dropLast().compactMap { line in
            line.hasPrefix("answered ") ? Int64(line.dropFirst(9)) : nil
        }
    }

    private func check(_ folder: String, _ answered: Set<Int64>) async throws {
        let database = try Database.open(testConfiguration(folder), migrations: testMigrations)
        defer { database.close() }
        let stored = Set(try database.items())
        #expect(answered.isSubset(of: stored), "\(answered.subtracting(stored).count) lost")
        let report = try await database.verify()
        #expect(report.faults == [])
        // One audit entry, one message and one key for each item: no half command.
        #expect(report.auditHead.sequence == Int64(stored.count))
        #expect(try database.count("outbox") == Int64(stored.count))
        #expect(try database.count("idempotency") == Int64(stored.count))
    }
}

/// Writes with 16 writers and says each id once it is answered, until it kills itself.
private func writeUntilKilled(folder: String, round: Int64, microseconds: Int) async throws {
    let database = try Database.open(testConfiguration(folder), migrations: testMigrations)
    let answers = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<16 as Range<Int64> {
            group.addTask {
                for number in 0... as PartialRangeFrom<Int64> {
                    let id = (round * 16 + writer) * 1_000_000 + number
                    _ = try await database.execute(
                        marking(id),
                        once: .request(
                            principal: "p", method: "m", key: Array("\(id)".utf8), hash: [1],
                            keepForever: false))
                    say(id)
                    if answers.add() == 0 {
                        DispatchQueue.global().asyncAfter(
                            deadline: .now() + .microseconds(microseconds)
                        ) { kill(getpid(), SIGKILL) }
                    }
                }
            }
        }
        try await group.waitForAll()
    }
}

/// Writes and says each id once it is answered, until the system refuses to let the log grow.
private func writeUntilAFileIsTooLarge(folder: String) async throws {
    let database = try Database.open(testConfiguration(folder), migrations: testMigrations)
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: 256 << 10, rlim_max: 256 << 10)
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    for id in 0..<1_000 as Range<Int64> {
        _ = try await database.execute(
            marking(id),
            once: .request(
                principal: "p", method: "m", key: Array("\(id)".utf8), hash: [1],
                keepForever: false))
        say(id)
    }
}

private func say(_ id: Int64) {
    let line = Array("answered \(id)\n".utf8)
    _ = write(STDOUT_FILENO, line, line.count)
}

private func marking(_ id: Int64) -> Act {
    Act(deciding: { _, now in
        Plan(
            writes: [insert(id, "value", now)],
            messages: [
                OutboxMessage(
                    lane: "l\(id)", destination: "d", kind: "k", id: Array("\(id)".utf8),
                    payload: [])
            ],
            audit: [AuditEntry(actor: "a", action: "b", object: "item:\(id)")],
            reply: "done")
    })
}
