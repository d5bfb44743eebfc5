import Messages
import ServiceStubs
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// Every RPC with empty, oversized, wrongly typed, foreign and out-of-state requests, by everybody.
    @Suite struct BadInputTests {
        @Test func everyMethod() async throws {
            let centre = try Centre()
            let complaints = try await centre.complaints(
                ids: ["elsewhere:1:1", "archive:unknown:1", String(repeating: "0", count: 32)])
            #expect(complaints.isEmpty, "\(complaints.prefix(20).joined(separator: "\n"))")
        }
    }
}
