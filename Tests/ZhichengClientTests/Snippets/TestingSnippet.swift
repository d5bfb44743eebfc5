// snippet: testing
import Testing
import ZhichengTesting

/// The code under test: it takes a client, wherever that comes from.
func pendingTitles(_ client: PlatformClient) async throws -> [String] {
    try await client.tasks.all(.pending).reduce(into: []) { $0.append($1.title) }
}

@Test func pendingTitlesComeFromEveryPage() async throws {
    var platform = TestPlatform()
    platform.answer({ $0.tasks.list }) { request, call in
        guard call.session != nil else {
            throw RPCError(code: .unauthenticated, message: "请登录")
        }
        return request.page?.cursor == [1]
            ? Tasks.ListTasksReply(tasks: [Tasks.Task(title: "奖励")])
            : Tasks.ListTasksReply(tasks: [Tasks.Task(title: "教育经历")], nextCursor: [1])
    }
    let client = await platform.client()

    await #expect(throws: RPCError.self) { try await pendingTitles(client) }
    let officer = client.signedIn([UInt8](repeating: 1, count: 32))
    #expect(try await pendingTitles(officer) == ["教育经历", "奖励"])
}
// end

/// A service that is away for a moment.
@Test func aRestartGoesUnnoticed() async throws {
    // snippet: testing-failure
    let (failures, failure) = AsyncStream.makeStream(of: RPCError.self)
    failure.yield(RPCError(code: .unavailable, message: "restarting", verdict: .notExecuted))
    failure.finish()

    var platform = TestPlatform()
    platform.answer({ $0.tasks.list }) { _, _ in
        for await error in failures { throw error }
        return Tasks.ListTasksReply()
    }
    let client = await platform.client()
    #expect(try await pendingTitles(client).isEmpty)
    // end
}
