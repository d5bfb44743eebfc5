import Domain
import Testing

@testable import Storage

@Suite("Group commit")
struct GroupCommitTests {
    @Test("64 writers at once share commits, and every reply is true")
    func concurrentWriters() async throws {
        try await withDatabase { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<64 as Range<Int64> {
                    group.addTask {
                        for number in 0..<10 as Range<Int64> {
                            let id = writer * 10 + number
                            let reply = try await database.execute(Act.adding(id))
                            #expect(reply == Text("\(id)"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try database.items() == Array(0..<640))
            let commits = Set(try database.groupTimes()).count
            #expect(commits < 640)
            #expect(try await database.verify().faults == [])
        }
    }

    /// Lets `commands` wait behind a gate, so that they run in their order, and returns what they
    /// came to.
    private func inOrder(
        _ database: Database, _ commands: [Act]
    ) async throws -> [Result<Text, any Error>] {
        let gate = Gate()
        return try await withThrowingTaskGroup(of: (Int, Result<Text, any Error>).self) { group in
            group.addTask { (-1, .success(try await database.execute(gate.command))) }
            await gate.isReached()
            for (index, command) in commands.enumerated() {
                group.addTask {
                    do {
                        return (index, .success(try await database.execute(command)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
                await database.waits(for: index + 1)
            }
            gate.open()
            var outcomes: [Int: Result<Text, any Error>] = [:]
            for try await (index, outcome) in group { outcomes[index] = outcome }
            return commands.indices.compactMap { outcomes[$0] }
        }
    }

    @Test("What waits is one commit of at most 128, first come first served")
    func order() async throws {
        try await withDatabase { database in
            let counting = Act(
                reading: {
                    try $0.row(Statement("SELECT count(*) AS n FROM item"))?.integer("n") ?? -1
                },
                deciding: { count, now in
                    Plan(writes: [insert(count, "value", now)], reply: Text("\(count)"))
                })
            let outcomes = try await inOrder(
                database, [Act](repeating: counting, count: Writer.groupLimit + 12))
            let replies = try outcomes.map { try $0.get() }
            #expect(replies == (0..<140).map { Text("\($0)") })
            let times = try database.groupTimes()
            #expect(Set(times).count == 2)
            #expect(times.filter { $0 == times[0] }.count == Writer.groupLimit)
        }
    }

    @Test("A command that fails within a group leaves the others alone")
    func savepoints() async throws {
        try await withDatabase { database in
            let outcomes = try await inOrder(
                database,
                [
                    .adding(1),
                    .writing(insert(2), insert(1)),
                    .writing(
                        insert(3), Statement("DELETE FROM item WHERE id = 9", expectedChanges: 1)),
                    .refusing(Refusal(code: 7, message: "no")),
                    .writing(insert(4), Statement("INSERT INTO part (item) VALUES (99)")),
                    .adding(5),
                ])
            #expect(
                outcomes.map { (try? $0.get()) != nil } == [true, false, false, false, false, true])
            #expect(try database.items() == [1, 5])
            #expect(Set(try database.groupTimes()).count == 1)
            #expect(try database.count("part") == 0)
        }
    }

    @Test("When SQLite ends the transaction, nothing of the group is stored and all may repeat")
    func transactionEnded() async throws {
        try await withDatabase { database in
            let bomb = Act.writing(Statement("INSERT INTO bomb (id) VALUES (1)"))
            let outcomes = try await inOrder(database, [.adding(1), bomb, .adding(2), .adding(3)])
            #expect(outcomes.count == 4)
            for outcome in outcomes {
                let error = #expect(throws: StorageError.self) { try outcome.get() }
                #expect(error?.code == .notApplied(.rolledBack))
            }
            #expect(try database.items() == [])
            _ = try await database.execute(Act.adding(1))
            #expect(try database.items() == [1])
            #expect(try await database.verify().faults == [])
        }
    }

    @Test("Nobody is told anything before the commit")
    func repliesAfterCommit() async throws {
        try await withDatabase { database in
            let (first, second) = (Gate(), Gate())
            let told = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await database.execute(first.command) }
                await first.isReached()
                group.addTask {
                    _ = try await database.execute(Act.adding(1))
                    told.add()
                }
                await database.waits(for: 1)
                group.addTask {
                    _ = try? await database.execute(Act.refusing(Refusal(code: 9, message: "no")))
                    told.add()
                }
                await database.waits(for: 2)
                group.addTask { _ = try await database.execute(second.command) }
                await database.waits(for: 3)
                first.open()
                // Both commands before it in the group have run.
                await second.isReached()
                #expect(told.count == 0)
                #expect(try database.items() == [])
                second.open()
                try await group.waitForAll()
            }
            #expect(told.count == 2)
            #expect(try database.items() == [1])
        }
    }

    @Test("As many commands wait as may; one more is refused for certain")
    func queueFull() async throws {
        try await withDatabase({ $0.queueLimit = 3 }) { database in
            let gate = Gate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await database.execute(gate.command) }
                await gate.isReached()
                for id in 1...3 as ClosedRange<Int64> {
                    group.addTask { _ = try await database.execute(Act.adding(id)) }
                }
                await database.waits(for: 3)
                let error = await #expect(throws: StorageError.self) {
                    try await database.execute(Act.adding(4))
                }
                #expect(error?.code == .notApplied(.queueFull))
                gate.open()
                try await group.waitForAll()
            }
            #expect(try database.items() == [1, 2, 3])
            _ = try await database.execute(Act.adding(4))
        }
    }

    @Test("A command that is cancelled while it waits is not applied; one that runs is")
    func cancellation() async throws {
        try await withDatabase { database throws in
            let gate = Gate()
            let outcomes = await withTaskGroup(of: Result<Text, any Error>.self) { group in
                group.addTask { await outcome { try await database.execute(gate.command) } }
                await gate.isReached()
                group.addTask { await outcome { try await database.execute(Act.adding(1)) } }
                await database.waits(for: 1)
                group.cancelAll()
                // A cancelled task does not even get into the queue.
                group.addTask { await outcome { try await database.execute(Act.adding(2)) } }
                var outcomes = [await group.next(), await group.next()]
                gate.open()
                outcomes.append(await group.next())
                return outcomes.compactMap { $0 }
            }
            for cancelled in outcomes.prefix(2) {
                let error = #expect(throws: StorageError.self) { try cancelled.get() }
                #expect(error?.code == .notApplied(.cancelled))
            }
            #expect(try outcomes.last?.get() == "through")
            #expect(try database.items() == [])
        }
    }
}

private func outcome<Success>(
    _ body: () async throws -> Success
) async -> Result<Success, any Error> {
    do {
        return .success(try await body())
    } catch {
        return .failure(error)
    }
}
