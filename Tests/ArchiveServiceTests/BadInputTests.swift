import Messages
import ServiceStubs
import Testing

@testable import ArchiveService

/// Every RPC with empty, oversized, wrongly typed, foreign and out-of-state requests, by everybody.
@Suite struct BadInputTests {
    @Test func everyMethod() async throws {
        let harness = try Harness()
        let ended = try await harness.item(.terminated, of: .applicant(1))
        let approved = try await harness.item(.approved, of: .applicant(1))
        let asked = try await harness.withdraw(approved, .applicant(1))
        _ = try await harness.cancel(asked, .applicant(1))
        let foreign = try await harness.reviewing(.applicant(9, unit: "elsewhere"))
        let complaints = try await harness.complaints(
            ids: [
                ended.id, "archive:\(ended.id):1", asked.id, asked.taskID, foreign.id,
                foreign.taskID, String(repeating: "0", count: 32),
            ])
        #expect(complaints.isEmpty, "\(complaints.prefix(20).joined(separator: "\n"))")
    }
}
