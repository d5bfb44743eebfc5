import Messages
import RPC
import ServiceStubs
import Testing

@testable import IdentityService

/// A5 for registrations.
@Suite struct BatchTests {
    @Test func everyRowHasItsOwnResult() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        var tasks: [Tasks.BatchTask] = []
        var registrations: [Identity.Registration] = []
        for n in 1...3 {
            let person = try await harness.applicant(n)
            let registration = try await harness.register(person, with: unit.id)
            registrations.append(registration)
            tasks.append(
                Tasks.BatchTask(
                    taskID: "identity:\(registration.id):1",
                    expectedVersion: registration.version))
        }
        tasks.append(Tasks.BatchTask(taskID: "identity:unknown:1", expectedVersion: 1))
        _ = try await harness.decide(registrations[1], .returned, by: unit.session)
        let client = harness.tasks(unit.session)
        let ended = try await client.decideBatch(
            Tasks.DecideBatchRequest(tasks: tasks, outcome: .terminated, opinion: "材料不实"))
        #expect(ended.rows.map(\.state) == [.refused, .refused, .refused, .refused])
        #expect(ended.rows[0].message == "人员注册不能终止，请通过或退回")
        var options = CallOptions()
        options.idempotencyKey = .random()
        let request = Tasks.DecideBatchRequest(
            tasks: tasks, outcome: .approved, opinion: "情况属实")
        let reply = try await client.decideBatch(request, options: options)
        #expect(reply.rows.map(\.state) == [.done, .skipped, .done, .refused])
        #expect(reply.rows[0].version == 2 && reply.rows[0].outcome == .approved)
        #expect(reply.rows[1].message == "该任务已由陈经办审核：退回")
        #expect(reply.rows[1].decidedByName == "陈经办" && reply.rows[3].message == "任务不存在")
        #expect(try await client.decideBatch(request, options: options) == reply)
        #expect(try harness.number("SELECT count(*) FROM review_rounds WHERE outcome = 1") == 2)
        let counts = try await client.count(Tasks.CountTasksRequest())
        #expect(counts.pending == 0 && counts.processed == 3)
    }
}
