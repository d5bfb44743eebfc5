import Domain
import Testing

@testable import Storage

@Suite("Commands")
struct CommandTests {
    @Test("Writes, messages, audit and reply of a plan are all there")
    func wholePlan() async throws {
        try await withDatabase { database in
            let reply = try await database.execute(
                Act(
                    reading: { try $0.row(Statement("SELECT 41 AS n"))?.integer("n") ?? 0 },
                    deciding: { fact, now in
                        Plan(
                            writes: [insert(fact + 1, "value", now)],
                            messages: [
                                OutboxMessage(
                                    lane: "l", destination: "d", kind: "k", id: [1], payload: [2])
                            ],
                            audit: [AuditEntry(actor: "a", action: "b", object: "c")],
                            reply: "yes")
                    }))
            #expect(reply == "yes")
            #expect(try database.items() == [42])
            #expect(try database.pendingMessages(limit: 10).map(\.payload) == [[2]])
            #expect(try database.auditEntries(after: 0, limit: 10).map(\.entry.action) == ["b"])
        }
    }

    @Test("A command sees what the commands before it wrote")
    func seesEarlierWrites() async throws {
        try await withDatabase { database in
            for expected in 0..<5 as Range<Int64> {
                let counting = Act(
                    reading: {
                        try $0.row(Statement("SELECT count(*) AS n FROM item"))?.integer("n") ?? -1
                    },
                    deciding: { fact, now in
                        Plan(writes: [insert(fact, "value", now)], reply: Text("\(fact)"))
                    })
                let reply = try await database.execute(counting)
                #expect(reply == Text("\(expected)"))
            }
        }
    }

    @Test("A refusal of the decision arrives as it is and leaves nothing")
    func decisionRefuses() async throws {
        let refusal = Refusal(
            code: 9, message: "没有空缺", details: [RefusalDetail(type: "t", value: [1, 2])])
        try await withDatabase { database in
            let error = await #expect(throws: Refusal.self) {
                try await database.execute(Act.refusing(refusal))
            }
            #expect(error == refusal)
            let items = try database.items()
            #expect(items == [])
        }
    }

    @Test("A write that fails takes the whole plan with it, and the audit chain goes on")
    func lateFailureLeavesNoTrace() async throws {
        try await withDatabase { database in
            @Sendable func plan(_ id: Int64, _ second: Statement) -> Act {
                Act(deciding: { _, now in
                    Plan(
                        writes: [insert(id, "value", now), second],
                        messages: [
                            OutboxMessage(
                                lane: "l", destination: "d", kind: "k", id: [UInt8(id)],
                                payload: [])
                        ],
                        audit: [AuditEntry(actor: "a", action: "b", object: "item:\(id)")],
                        reply: "done")
                })
            }
            _ = try await database.execute(plan(1, insert(11)))
            let error = await #expect(throws: StorageError.self) {
                try await database.execute(plan(2, insert(12, "forbidden")))
            }
            #expect(error?.code == .constraint)
            #expect(error?.isNotApplied == false)
            _ = try await database.execute(plan(3, insert(13)))

            #expect(try database.items() == [1, 3, 11, 13])
            #expect(try database.pendingMessages(limit: 10).map(\.id) == [[1]])
            #expect(try database.count("outbox") == 2)
            let entries = try database.auditEntries(after: 0, limit: 10)
            #expect(entries.map(\.sequence) == [1, 2])
            #expect(entries.map(\.entry.object) == ["item:1", "item:3"])
            #expect(try await database.verify().faults == [])
        }
    }

    @Test("A failure names no argument")
    func errorsKeepValuesToThemselves() async throws {
        try await withDatabase { database throws in
            let error = await #expect(throws: StorageError.self) {
                try await database.execute(
                    Act.writing(
                        Statement(
                            "INSERT INTO item (id, value, at) VALUES (1, ?, ?)",
                            [.text("张三350199"), .text("张三350199")])))
            }
            #expect(try #require(error).description.contains("350199") == false)
        }
    }

    @Test("Another number of changed rows than expected is a conflict and undoes the command")
    func expectedChanges() async throws {
        try await withDatabase { database in
            _ = try await database.execute(Act.adding(1))
            let conflict = await #expect(throws: Refusal.self) {
                try await database.execute(
                    Act.writing(
                        insert(2),
                        Statement(
                            "UPDATE item SET value = 'new' WHERE id = ?", [7], expectedChanges: 1)))
            }
            #expect(conflict?.code == 10)
            #expect(try database.items() == [1])
            _ = try await database.execute(
                Act.writing(
                    Statement(
                        "UPDATE item SET value = 'new' WHERE id = ?", [1], expectedChanges: 1),
                    Statement("DELETE FROM item WHERE id = ?", [7], expectedChanges: 0)))
        }
    }

    @Test("A row that refers to a missing one is refused with its command, not with the group")
    func deferredForeignKey() async throws {
        try await withDatabase { database in
            let part = Statement("INSERT INTO part (item) VALUES (?)", [5])
            let error = await #expect(throws: StorageError.self) {
                try await database.execute(Act.writing(part))
            }
            #expect(error?.code == .constraint)
            _ = try await database.execute(Act.writing(part, insert(5)))
            #expect(try database.count("part") == 1)
        }
    }

    @Test("What a read throws arrives, and nothing is written")
    func readThrows() async throws {
        struct Odd: Error {}
        try await withDatabase { database in
            await #expect(throws: Odd.self) {
                try await database.execute(
                    Act(reading: { _ in throw Odd() }, deciding: { _, _ in Plan(reply: "no") }))
            }
            _ = try await database.execute(Act.adding(1))
        }
    }

    @Test("A plan beyond its limits is refused before it writes")
    func planLimits() async throws {
        let message = OutboxMessage(
            lane: "l", destination: "d", kind: "k", id: [1],
            payload: [UInt8](repeating: 0, count: PlanLimits.payloadBytes + 1))
        let entry = AuditEntry(
            actor: "a", action: "b", object: "c",
            after: [("name", String(repeating: "x", count: PlanLimits.auditBytes))])
        let plans: [Plan<Text>] = [
            Plan(writes: (0...Int64(PlanLimits.writes)).map { insert($0) }, reply: "no"),
            Plan(messages: [message], reply: "no"),
            Plan(audit: [entry], reply: "no"),
        ]
        try await withDatabase { database in
            for plan in plans {
                // The plan's values are the test's own; nothing is shared while it is decided.
                let (writes, messages, audit) = (plan.writes, plan.messages, plan.audit)
                let error = await #expect(throws: StorageError.self) {
                    try await database.execute(
                        Act(deciding: { _, _ in
                            Plan(writes: writes, messages: messages, audit: audit, reply: "no")
                        }))
                }
                #expect(error?.code == .argument)
            }
            let (items, messages) = (try database.items(), try database.count("outbox"))
            #expect(items == [])
            #expect(messages == 0)
        }
    }
}
