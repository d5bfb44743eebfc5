import Messages
import ServiceStubs
import Testing

@testable import IdentityService

/// Every RPC with empty, oversized, wrongly typed, foreign and out-of-state requests, by everybody.
@Suite struct BadInputTests {
    @Test func everyMethod() async throws {
        let harness = try Harness()
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let (first, second) = (try await harness.applicant(1), try await harness.applicant(2))
        let cancelled = try await harness.register(first, with: school.id)
        _ = try await harness.identity(first.session).cancelRegistration(
            Identity.CancelRegistrationRequest(
                id: cancelled.id, expectedVersion: cancelled.version))
        let foreign = try await harness.register(second, with: company.id)
        let department = try await harness.account(
            .init(account: "hr-xiamen", role: .hrDepartment, name: "人社", region: "350200"))
        let complaints = try await harness.complaints(
            [
                ("administrator", school.session), ("applicant", first.session),
                ("department", department.session),
            ],
            ids: [
                cancelled.id, "identity:\(cancelled.id):1", foreign.id,
                "identity:\(foreign.id):1", company.id, String(repeating: "0", count: 32),
            ])
        #expect(complaints.isEmpty, "\(complaints.prefix(20).joined(separator: "\n"))")
    }
}
