import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// A5: one opinion, chosen rows, a result per row.
@Suite struct BatchTests {
    private func batch(
        _ harness: Harness, _ tasks: [(id: String, version: Int64)],
        _ outcome: Common.Outcome = .approved, by user: User = .school,
        key: IdempotencyKey = .random()
    ) async throws -> [Tasks.BatchRow] {
        var options = CallOptions()
        options.idempotencyKey = key
        options.timeout = .seconds(60)
        return try await harness.tasks(user).decideBatch(
            Tasks.DecideBatchRequest(
                tasks: tasks.map { Tasks.BatchTask(taskID: $0.id, expectedVersion: $0.version) },
                outcome: outcome, opinion: "情况属实"), options: options
        ).rows
    }

    @Test func everyRowHasItsOwnResult() async throws {
        let harness = try Harness()
        var items: [Archive.Item] = []
        for n in 1...4 { items.append(try await harness.reviewing(.applicant(n))) }
        _ = try await harness.decide(items[1], .returned, by: .colleague)
        var own = User.school
        own.personKey = User.applicant(4).personKey
        let approved = try await harness.item(.approved, of: .applicant(5))
        let asked = try await harness.withdraw(approved, .applicant(5))
        let tasks =
            items.map { ($0.taskID, $0.version) } + [
                (asked.taskID, asked.version), ("archive:unknown:1", 1), ("other:1:1", 1),
            ]
        let key = IdempotencyKey.random()
        let rows = try await batch(harness, tasks, by: own, key: key)
        #expect(rows.map(\.taskID) == tasks.map(\.0))
        #expect(
            rows.map(\.state) == [.done, .skipped, .done, .refused, .done, .refused, .refused])
        #expect(rows[0].version == items[0].version + 1 && rows[0].node == "审核通过")
        #expect(rows[0].message.isEmpty && !rows[0].decisionID.isEmpty)
        #expect(rows[1].message == "该任务已由王审核审核：退回")
        #expect(rows[1].decidedByName == "王审核" && rows[1].outcome == .returned)
        #expect(rows[3].message.contains("本人") && rows[5].message == "任务不存在")
        #expect(rows[4].node == "申报人", "a withdrawal request is granted")
        // A repeat is answered with the same rows, whatever happened since.
        _ = try await harness.decide(items[3], .approved, by: .colleague)
        #expect(try await batch(harness, tasks, by: own, key: key) == rows)
        // A new request tells how things are now.
        let now = try await batch(harness, tasks, by: own)
        #expect(
            now.map(\.state) == [
                .skipped, .skipped, .skipped, .refused, .skipped, .refused, .refused,
            ])
        #expect(now[0].decidedByName == "陈经办")
        let reused = try await refusal {
            try await batch(harness, Array(tasks.dropLast()), by: own, key: key)
        }
        #expect(reused.code == .failedPrecondition)
        #expect(try harness.number("SELECT count(*) FROM flow_steps WHERE action = '通过'") == 4)
        let item = try await harness.archive(.applicant(1)).getItem(
            Archive.GetItemRequest(id: items[0].id))
        #expect(item.state == .approved && item.flow.last?.opinion == "情况属实")
    }

    @Test func aStaleRowAndARuleOfOneKindAreTheirRowsBusiness() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(.applicant(1))
        let other = try await harness.reviewing(.applicant(2))
        let approved = try await harness.item(.approved, of: .applicant(3))
        let asked = try await harness.withdraw(approved, .applicant(3))
        let rows = try await batch(
            harness, [(item.taskID, 9), (other.taskID, other.version), (asked.taskID, 1)],
            .terminated)
        #expect(rows.map(\.state) == [.refused, .done, .refused])
        #expect(rows[0].message.contains("已被他人更新"))
        #expect(rows[2].message == "撤回申请不能终止，请通过或退回")
        var unrecorded = User.colleague
        unrecorded.isRecorded = false
        let error = try await refusal {
            try await batch(harness, [(item.taskID, item.version)], by: unrecorded)
        }
        #expect(error.code == .failedPrecondition)
    }

    @Test func whatIsNoBatch() async throws {
        let harness = try Harness()
        for tasks in [
            [], (0...200).map { ("archive:\($0):1", Int64(1)) },
            [("archive:a:1", 1), ("archive:a:1", 2)],
        ] {
            let error = try await refusal { try await batch(harness, tasks) }
            #expect(error.fields == ["tasks"])
        }
        let blank = try await refusal {
            try await harness.tasks(.school).decideBatch(Tasks.DecideBatchRequest())
        }
        #expect(blank.fields == ["opinion", "outcome", "tasks"])
    }
}
