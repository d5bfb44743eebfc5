import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import Testing

@testable import DeclarationService

/// What was approved before there were later nodes gets its superiors' task when the service starts.
struct MissingRoundTests {
    /// As it was before migration 2: approved by the unit, no round at the superiors', nothing counted there.
    private struct Forget: Command {
        let row: Declaration.DeclarationRow

        func read(_ rows: any RowReader) throws -> StoredDeclaration? {
            try DeclarationStore.declaration(row.id, rows)
        }

        func decide(
            _ declaration: StoredDeclaration?, at now: Timestamp
        ) throws(Refusal) -> Plan<Tasks.DecideReply> {
            guard let declaration else { throw .notFound("申报") }
            return Plan(
                writes: [
                    RoundStore.close(declaration.taskID),
                    Statement("DELETE FROM desk_counts WHERE desk LIKE 'superior:%'"),
                ], reply: Tasks.DecideReply())
        }
    }

    @Test func theSuperiorGetsIt() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let ready = try await harness.ready(
                harness.applicant(1), plan, by: officer, occupies: false)
            _ = try await harness.decide(ready, .approved, by: officer)
            _ = try await harness.database.execute(Forget(row: ready))
            let superior = harness.superior()
            #expect(try await harness.tasks(superior).list(.init()).tasks.isEmpty)
            // The sweep of the next day is like that of a start.
            harness.clock.advance(by: .seconds(86_400))
            var tasks: [Tasks.Task] = []
            for _ in 0..<2_000 where tasks.isEmpty {
                tasks = try await harness.tasks(superior).list(.init()).tasks
                if tasks.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            }
            let task = try #require(tasks.first)
            #expect(task.objectID == ready.id)
            #expect(try await harness.tasks(superior).count(.init()).pending == 1)
            let reply = try await harness.tasks(superior).decide(
                Tasks.DecideRequest(
                    taskID: task.id, expectedVersion: task.version, outcome: .approved,
                    opinion: "同意"))
            #expect(reply.state == .done && reply.node == "评委会审核")
            #expect(try await harness.tasks(superior).count(.init()).pending == 0)
        }
    }
}
