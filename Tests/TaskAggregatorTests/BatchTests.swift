import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// A5 over all sources.
    @Suite struct BatchTests {
        private func request(_ ids: [String]) -> Tasks.DecideBatchRequest {
            Tasks.DecideBatchRequest(
                tasks: ids.map { Tasks.BatchTask(taskID: $0, expectedVersion: 3) },
                outcome: .approved, opinion: "情况属实")
        }

        @Test func eachOwnerGetsItsOwnRowsUnderTheClientsKey() async throws {
            let centre = try Centre()
            centre.declaration.change {
                $0.row = {
                    Tasks.BatchRow(taskID: $0.taskID, state: .refused, message: "须逐份审核")
                }
            }
            var options = CallOptions()
            options.idempotencyKey = .random()
            let ids = [
                "archive:1:1", "identity:9:2", "declaration:5:1", "archive:withdrawal-2:1",
                "quota:1:1",
            ]
            let reply = try await centre.tasks().decideBatch(request(ids), options: options)
            #expect(reply.rows.map(\.taskID) == ids)
            #expect(reply.rows.map(\.state) == [.done, .done, .refused, .done, .refused])
            #expect(reply.rows[2].message == "须逐份审核" && reply.rows[4].message == "任务不存在")
            let call = try #require(centre.archive.calls.first)
            #expect(call.method == "tasks.v1.TaskSource/DecideBatch")
            #expect(call.key == options.idempotencyKey && call.session == Person.officer.token)
            #expect(call.batch == request([ids[0], ids[3]]))
            #expect(centre.identity.calls.first?.batch == request([ids[1]]))
            #expect(centre.stubs.map(\.calls.count) == [1, 1, 1])
        }

        @Test func aSilentOwnerLeavesTheOthersResultsAlone() async throws {
            let centre = try Centre()
            let ids = ["archive:1:1", "identity:9:2", "archive:2:1"]
            centre.archive.mode = .fails(
                RPCError(code: .unavailable, message: "connection refused", verdict: .notExecuted))
            let reply = try await centre.tasks().decideBatch(request(ids))
            #expect(reply.rows.map(\.state) == [.unanswered, .done, .unanswered])
            // It comes back; the same request tells the rest.
            centre.archive.mode = .answers
            let again = try await centre.tasks().decideBatch(request(ids))
            #expect(again.rows.map(\.state) == [.done, .done, .done])
            // A row that was forgotten, and one that nobody asked for.
            centre.archive.change {
                $0.row = { task in
                    task.taskID == "archive:1:1"
                        ? nil : Tasks.BatchRow(taskID: "identity:9:2", state: .refused)
                }
            }
            let partial = try await centre.tasks().decideBatch(request(ids))
            #expect(partial.rows.map(\.state) == [.unanswered, .done, .unanswered])
        }

        @Test func aSlowOwnerDoesNotTakeTheAnswersTime() async throws {
            let centre = try Centre()
            centre.archive.mode = .stalls
            var options = CallOptions()
            options.timeout = .seconds(4)
            let reply = try await centre.tasks().decideBatch(
                request(["archive:1:1", "identity:9:2"]), options: options)
            #expect(reply.rows.map(\.state) == [.unanswered, .done])
        }

        @Test func nobodysAnswerIsAnError() async throws {
            let centre = try Centre()
            let down = RPCError(
                code: .unavailable, message: "connection refused", verdict: .notExecuted)
            for stub in centre.stubs { stub.mode = .fails(down) }
            let error = try await refusal {
                try await centre.tasks().decideBatch(request(["archive:1:1", "identity:9:2"]))
            }
            #expect(error.code == .unavailable && error.verdict == .notExecuted)
            // What is the user's business is an error even when others have answered.
            centre.identity.mode = .answers
            centre.archive.mode = .fails(
                RPCError(code: .failedPrecondition, message: "请先登记经办人姓名和身份证号码"))
            let unrecorded = try await refusal {
                try await centre.tasks().decideBatch(request(["archive:1:1", "identity:9:2"]))
            }
            #expect(unrecorded.code == .failedPrecondition)
        }

        @Test func whatIsNoBatchReachesNobody() async throws {
            let centre = try Centre()
            var blank = request(["archive:1:1"])
            blank.opinion = " "
            blank.outcome = .unspecified
            let many = (0...200).map { "archive:\($0):1" }
            for (bad, count) in [
                (blank, 2), (request([]), 1), (request(many), 1),
                (request(["archive:1:1", "archive:1:1"]), 1),
            ] {
                let error = try await refusal { try await centre.tasks().decideBatch(bad) }
                #expect(error.code == .invalidArgument)
                let faults = try error.details.first?.decode(as: Common.FieldViolations.self)
                #expect(faults?.violations.count == count)
            }
            let denied = try await refusal {
                try await centre.tasks(.applicant).decideBatch(request(["archive:1:1"]))
            }
            #expect(denied.code == .permissionDenied)
            #expect(centre.stubs.allSatisfy { $0.calls.isEmpty })
            _ = try await centre.tasks().decideBatch(request(Array(many.dropLast())))
            #expect(centre.archive.calls.first?.batch?.tasks.count == 200)
        }
    }
}
