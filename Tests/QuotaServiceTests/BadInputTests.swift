import Messages
import ServiceStubs
import Testing

@testable import QuotaService

extension QuotaTests {
    /// Every RPC with empty, oversized, wrongly typed, foreign and out-of-state requests, by everybody.
    @Suite struct BadInputTests {
        @Test func everyMethod() async throws {
            let harness = try Harness()
            let old = try await harness.confirmed([1, 1, 1, 1])
            _ = try await harness.reserve(1)
            let new = try await harness.supersede(old.id, [1, 1, 1, 1])
            let foreign = try await harness.confirmed([1, 1, 1, 1], by: .stranger)
            let complaints = try await harness.complaints(
                ids: [old.id, new.id, foreign.id, "unit-2", String(repeating: "0", count: 32)])
            #expect(complaints.isEmpty, "\(complaints.prefix(20).joined(separator: "\n"))")
        }
    }
}
