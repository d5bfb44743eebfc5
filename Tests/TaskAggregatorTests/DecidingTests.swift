import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// T2: routed to the owner; the same guards as there.
    @Suite struct DecidingTests {
        private let request = Tasks.DecideRequest(
            taskID: "declaration:abc:2", expectedVersion: 7, outcome: .returned, opinion: "请补正",
            defects: ["公示证明"])

        @Test func aDecisionGoesToItsOwnerAsItIs() async throws {
            let centre = try Centre()
            let answer = Tasks.DecideReply(
                state: .deciding, decisionID: "d-1", version: 8, node: "主管部门审核",
                vacancy: Common.VacancyFacts(year: 2022, approved: 1))
            centre.declaration.change { $0.decision = .success(answer) }
            var options = CallOptions()
            options.idempotencyKey = .random()
            options.timeout = .seconds(7)
            #expect(try await centre.tasks().decide(request, options: options) == answer)
            let call = try #require(centre.declaration.calls.first)
            #expect(call.decide == request && call.method == "tasks.v1.TaskSource/Decide")
            #expect(call.key == options.idempotencyKey && call.session == Person.officer.token)
            #expect(call.timeLeft <= .seconds(7))
            #expect(centre.archive.calls.isEmpty && centre.identity.calls.isEmpty)

            let asked = try await centre.tasks().getDecision(
                Tasks.GetDecisionRequest(taskID: request.taskID, decisionID: "d-1"))
            #expect(asked == answer)
            #expect(centre.declaration.calls.last?.method == "tasks.v1.TaskSource/GetDecision")
        }

        @Test func theOwnersNoIsPassedOn() async throws {
            let centre = try Centre()
            let detail = Common.FieldViolations(
                violations: [
                    Common.FieldViolation(field: "opinion", label: "审批意见", message: "不能为空")
                ])
            let errors = [
                RPCError(
                    code: .invalidArgument, message: "请检查：审批意见",
                    details: [
                        ErrorDetail(
                            type: Common.FieldViolations.fullName, value: try detail.encodedBytes())
                    ], verdict: .never),
                RPCError(code: .aborted, message: "数据已被他人更新，请刷新后重试", verdict: .never),
                RPCError(
                    code: .unavailable, message: "connection refused", verdict: .notExecuted,
                    retryAfter: .milliseconds(250)),
                RPCError(code: .unavailable, message: "the connection was lost", verdict: .unknown),
            ]
            for error in errors {
                centre.declaration.change { $0.decision = .failure(error) }
                for found in [
                    try await refusal { try await centre.tasks().decide(request) },
                    try await refusal {
                        try await centre.tasks().getDecision(
                            Tasks.GetDecisionRequest(taskID: request.taskID))
                    },
                ] {
                    #expect(found.code == error.code && found.message == error.message)
                    #expect(found.details == error.details && found.verdict == error.verdict)
                    #expect(found.retryAfter == error.retryAfter)
                }
            }
        }

        @Test func aTaskOfNobodyIsNotFound() async throws {
            let centre = try Centre()
            let long = "archive:" + String(repeating: "a", count: 200)
            for id in [
                "", "archive", "quota:1:1", ":1:1", "Archive:1:1", "archive-service:1:1", long,
            ] {
                let decided = try await refusal {
                    try await centre.tasks().decide(Tasks.DecideRequest(taskID: id))
                }
                let asked = try await refusal {
                    try await centre.tasks().getDecision(Tasks.GetDecisionRequest(taskID: id))
                }
                #expect(decided.code == .notFound && asked.code == .notFound)
            }
            #expect(centre.stubs.allSatisfy { $0.calls.isEmpty })
        }

        @Test func sourcesAreToldApartByTheirNames() throws {
            let channel = StubSource("a").channel
            let logger = try Centre().test.environment.logger
            for peers in [["archive", "archive-service"], ["-service"], ["a:b"]] {
                #expect(throws: ConfigurationError.self) {
                    try TaskSources(peers.map { ($0, channel) }, logger: logger)
                }
            }
        }
    }
}
