import Messages
import ServiceStubs
import Testing

@testable import DeclarationService

/// Every RPC with empty, oversized, wrongly typed, foreign and out-of-state requests, by everybody.
struct BadInputTests {
    @Test func everyMethod() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let stranger = harness.officer("外单位", of: .company)
            let (first, second) = (harness.applicant(1), harness.applicant(2, of: .company))
            let ready = try await harness.ready(first, plan, by: officer, occupies: false)
            _ = try await harness.decide(ready, .terminated, by: officer)
            let foreign = try await harness.submitted(second, plan)
            try await harness.drained()
            let complaints = try await harness.complaints(
                [
                    officer, harness.officer("未登记", recorded: false), stranger, first.token,
                    harness.superior(), harness.committee(), harness.other(.hrDepartment),
                ],
                ids: [
                    ready.id, ready.taskID, foreign.taskID, plan.id,
                    String(repeating: "0", count: 32),
                ])
            #expect(complaints.isEmpty, "\(complaints.prefix(20).joined(separator: "\n"))")
        }
    }
}
