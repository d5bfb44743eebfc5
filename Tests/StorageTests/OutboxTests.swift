import Domain
import Testing

@testable import Storage

@Suite("Outbox")
struct OutboxTests {
    private func sending(_ messages: (lane: String, id: UInt8)...) -> Act {
        let outbox = messages.map { message in
            OutboxMessage(
                lane: message.lane, destination: "quota-service", kind: "reserve",
                id: [message.id], payload: [message.id, 0])
        }
        return Act(deciding: { _, _ in Plan(messages: outbox, reply: "sent") })
    }

    @Test("The oldest of each lane is pending; an answer lets the next one go")
    func lanes() async throws {
        try await withDatabase { database in
            _ = try await database.execute(sending(("a", 1), ("b", 2), ("a", 3)))
            _ = try await database.execute(sending(("a", 4), ("c", 5)))
            var pending = try database.pendingMessages(limit: 10)
            #expect(pending.map(\.id) == [[1], [2], [5]])
            #expect(pending.map(\.sequence) == [1, 2, 5])
            #expect(pending[0].payload == [1, 0])
            #expect(pending[0].destination == "quota-service")
            #expect(try database.pendingMessages(limit: 2).map(\.id) == [[1], [2]])

            try await database.acknowledge(pending[0])
            try await database.acknowledge(pending[0])
            pending = try database.pendingMessages(limit: 10)
            #expect(pending.map(\.id) == [[2], [3], [5]])
            var order: [[UInt8]] = []
            while let next = try database.pendingMessages(limit: 1).first {
                order.append(next.id)
                try await database.acknowledge(next)
            }
            #expect(order == [[2], [3], [4], [5]])
        }
    }

    @Test("A look for one destination seeks to it: no backlog to others is read")
    func destinations() async throws {
        try await withDatabase { database throws in
            _ = try await database.execute(sending(("a", 1)))
            #expect(try database.pendingMessages(to: "quota-service", limit: 10).count == 1)
            #expect(try database.pendingMessages(to: "nobody", limit: 10).isEmpty)
            let plan = try database.queryPlan(of: Database.pending(to: "nobody", limit: 10))
            #expect(plan.contains { $0.contains("outbox_destinations (destination=?)") }, "\(plan)")
            #expect(!plan.contains { $0.contains("SCAN") || $0.contains("B-TREE") }, "\(plan)")
        }
    }

    @Test("An id that was sent before is refused with its command")
    func uniqueIDs() async throws {
        try await withDatabase { database in
            _ = try await database.execute(sending(("a", 1)))
            let error = await #expect(throws: StorageError.self) {
                try await database.execute(sending(("b", 2), ("c", 1)))
            }
            #expect(error?.code == .constraint)
            _ = try await database.execute(sending(("a", 3)))
            #expect(try database.count("outbox") == 2)
            let first = try #require(try database.pendingMessages(limit: 1).first)
            try await database.acknowledge(first)
            // The refused command took no number.
            #expect(try database.pendingMessages(limit: 1).map(\.sequence) == [2])
        }
    }

    @Test("Unanswered messages and their numbers are there after reopening")
    func reopening() async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            let database = try Database.open(configuration, migrations: testMigrations)
            _ = try await database.execute(sending(("a", 1), ("a", 2)))
            database.close()
            let again = try Database.open(configuration, migrations: testMigrations)
            defer { again.close() }
            _ = try await again.execute(sending(("b", 3)))
            #expect(try again.pendingMessages(limit: 10).map(\.sequence) == [1, 3])
        }
    }

    @Test("Answered messages go after 30 days; what waits, and the newest, stays")
    func forgetting() async throws {
        let clock = CountingClock()
        try await withDatabase({ $0.clock = clock }) { database in
            _ = try await database.execute(sending(("a", 1), ("b", 2), ("c", 3)))
            let pending = try database.pendingMessages(limit: 10)
            try await database.acknowledge(pending[0])
            try await database.acknowledge(pending[2])
            clock.advance(days: 29)
            _ = try await database.execute(Act.adding(1))
            #expect(try database.count("outbox") == 3)
            clock.advance(days: 2)
            _ = try await database.execute(Act.adding(2))
            #expect(try database.count("outbox") == 2)
            #expect(try database.pendingMessages(limit: 10).map(\.id) == [[2]])
            _ = try await database.execute(sending(("d", 4)))
            #expect(try database.pendingMessages(limit: 10).map(\.sequence) == [2, 4])
        }
    }

    @Test("What came is known for half a year, then it goes, the oldest first")
    func forgettingWhatCame() async throws {
        let clock = CountingClock()
        try await withDatabase({ $0.clock = clock }) { database in
            func receive(_ id: UInt8) async throws {
                _ = try await database.execute(
                    Act.adding(Int64(id)), once: .message(source: "other", id: [id], hash: [1]))
            }
            try await receive(1)
            clock.advance(days: 100)
            try await receive(2)
            try await receive(1)
            #expect(try database.count("inbox") == 2, "a repeat does nothing")
            clock.advance(days: 84)
            _ = try await database.execute(Act.adding(3))
            #expect(try database.count("inbox") == 1)
            try await receive(2)
            #expect(try database.count("inbox") == 1, "the younger one is still known")
        }
    }

    @Test("The signal ticks at the beginning, after a commit with messages, and ends at closing")
    func signal() async throws {
        try await withDatabase { database in
            var ticks = database.outboxSignal.makeAsyncIterator()
            #expect(await ticks.next() != nil)
            _ = try await database.execute(Act.adding(1))
            _ = try await database.execute(sending(("a", 1)))
            #expect(await ticks.next() != nil)
            try await onThread { database.close() }
            #expect(await ticks.next() == nil)
            var late = database.outboxSignal.makeAsyncIterator()
            _ = await late.next()
            #expect(await late.next() == nil)
        }
    }
}
