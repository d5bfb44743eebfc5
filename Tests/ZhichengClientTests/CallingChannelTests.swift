import Logging
import Messages
import RPC
import ServiceStubs
import Testing

@testable import ZhichengClient

@Suite("Calls of a client")
struct CallingChannelTests {
    private let read = Quota.QuotaMethod.listRecords.method
    private let change = Quota.QuotaMethod.saveRecord.method

    private func calling(
        _ channel: ScriptedChannel, session: [UInt8]? = nil, timeout: Duration = .seconds(60)
    ) -> CallingChannel {
        Connections(ServiceName.allCases.map { ($0, channel) }, budget: RetryBudget())
            .calling(
                .quota,
                CallRules(
                    timeout: timeout,
                    retries: RetryPolicy(attempts: 3, firstPause: .milliseconds(1)),
                    interceptors: [], logger: Logger(label: "test")), session: session)
    }

    private func call(
        _ channel: CallingChannel, _ method: RPCMethod, _ options: CallOptions = CallOptions()
    ) async throws(RPCError) {
        let _: Quota.ListRecordsReply = try await channel.unary(
            method, Quota.ListRecordsRequest(), options: options)
    }

    @Test("A call carries the session and what is left of the default timeout")
    func carriesSession() async throws {
        let channel = ScriptedChannel([.success([])])
        let session = [UInt8](repeating: 7, count: 32)
        try await call(calling(channel, session: session), read)
        let options = try #require(channel.options.first)
        #expect(options.metadata[Metadata.sessionKey] == session)
        let timeout = try #require(options.timeout)
        #expect(timeout <= .seconds(60) && timeout > .seconds(30))
    }

    @Test("A session and a timeout of the call's own stay")
    func ownOptionsStay() async throws {
        let channel = ScriptedChannel([.success([])])
        var own = CallOptions()
        own.metadata.set(Metadata.sessionKey, [1])
        own.timeout = .milliseconds(300)
        try await call(calling(channel, session: [2]), read, own)
        let options = try #require(channel.options.first)
        #expect(options.metadata[Metadata.sessionKey] == [1])
        #expect(try #require(options.timeout) <= .milliseconds(300))
    }

    @Test("What did not run is sent again, at most as often as the policy says")
    func retriesWhatDidNotRun() async throws {
        let channel = ScriptedChannel([.failure(RPCError(.unavailable, .notExecuted))])
        await #expect(throws: RPCError.self) { try await call(calling(channel), change) }
        #expect(channel.options.count == 3)
    }

    @Test("A lost answer is asked for again only of a read, or with a key")
    func retriesUnknownWithCare() async throws {
        let lost = ScriptedChannel.Answer.failure(RPCError(.unavailable, .unknown))
        let reading = ScriptedChannel([lost, .success([])])
        try await call(calling(reading), read)
        #expect(reading.options.count == 2)

        let changing = ScriptedChannel([lost, .success([])])
        await #expect(throws: RPCError.self) { try await call(calling(changing), change) }
        #expect(changing.options.count == 1)

        let keyed = ScriptedChannel([lost, .success([])])
        var options = CallOptions()
        options.idempotencyKey = .random()
        try await call(calling(keyed), change, options)
        #expect(
            keyed.options.map(\.idempotencyKey) == [options.idempotencyKey, options.idempotencyKey])
    }

    @Test(
        "An answer is an answer",
        arguments: [
            RPCError(.failedPrecondition, .unknown), RPCError(.invalidArgument, .never),
            RPCError(.deadlineExceeded, .notExecuted), RPCError(.cancelled, .notExecuted),
            RPCError(.unavailable, .never),
        ])
    func answersAreNotRepeated(error: RPCError) async throws {
        let channel = ScriptedChannel([.failure(error)])
        await #expect(throws: RPCError.self) { try await call(calling(channel), read) }
        #expect(channel.options.count == 1)
    }

    @Test("A pause that does not fit into the time left is not made")
    func pauseWithinDeadline() async throws {
        let channel = ScriptedChannel([
            .failure(RPCError(.resourceExhausted, .notExecuted, retryAfter: .seconds(600)))
        ])
        let began = ContinuousClock.now
        await #expect(throws: RPCError.self) { try await call(calling(channel), read) }
        #expect(channel.options.count == 1)
        #expect(ContinuousClock.now - began < .seconds(60))
    }

    @Test("Pauses double and stay below their bound")
    func pausesDouble() {
        let policy = RetryPolicy(attempts: 10, firstPause: .milliseconds(50))
        let error = RPCError(.unavailable, .notExecuted)
        let pauses = (1...4).map {
            policy.pause(after: error, attempt: $0, isRepeatable: false, fraction: 1)
        }
        #expect(
            pauses == [
                .milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(400),
            ])
        #expect(policy.pause(after: error, attempt: 10, isRepeatable: true, fraction: 0) == nil)
    }
}
