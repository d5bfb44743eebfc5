import Messages
import ServiceStubs
import Testing

@testable import ArchiveService

/// Every RPC with empty, oversized, wrongly typed, foreign and out-of-state requests, by everybody.
@Suite struct BadInputTests {
    @Test func everyMethod() async throws {
        let harness = try Harness()
        let terminated = try await harness.item(.terminated, of: .applicant())
        let foreign = try await harness.reviewing(.applicant(2, unit: "elsewhere"))
        let complaints = try await harness.complaints(
            [.school, .company, .department, .applicant(), .applicant(3)],
            ids: [
                terminated.id, foreign.id, "archive:\(terminated.id):1", "archive:\(foreign.id):1",
                String(repeating: "0", count: 32),
            ])
        #expect(complaints.isEmpty, "\(complaints.prefix(20).joined(separator: "\n"))")
    }
}
