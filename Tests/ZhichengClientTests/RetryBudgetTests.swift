import Logging
import RPC
import ServiceStubs
import Testing
import ZhichengTesting

@testable import ZhichengClient

@Suite("The budget for further attempts")
struct RetryBudgetTests {
    @Test("Never more than the allowance and the share of all calls", arguments: 0..<20)
    func bound(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let allowance = Int.random(in: 0...20, using: &random)
        let thousandths = Int.random(in: 0...1_000, using: &random)
        let tokens = RetryTokens(
            RetryBudget(share: Double(thousandths) / 1_000, allowance: allowance))
        var calls = 0
        var attempts = 0
        for _ in 0..<5_000 {
            if Bool.random(using: &random) {
                tokens.earn()
                calls += 1
            } else if tokens.spend() {
                attempts += 1
            }
            #expect(attempts * 1_000 <= allowance * 1_000 + thousandths * calls)
        }
    }

    @Test("What is saved up has a limit")
    func limit() {
        let tokens = RetryTokens(RetryBudget(share: 1, allowance: 2))
        for _ in 0..<100 { tokens.earn() }
        #expect((0..<10).count { _ in tokens.spend() } == 2)
    }

    @Test("Without an allowance there are no further attempts")
    func none() {
        let tokens = RetryTokens(RetryBudget(share: 1, allowance: 0))
        tokens.earn()
        #expect(!tokens.spend())
    }

    @Test("A dead service gets a tenth more calls, not three times as many; others have their own")
    func deadService() async throws {
        let dead = RPCError(code: .unavailable, message: "", verdict: .notExecuted)
        let channel = ScriptedChannel([.failure(dead)])
        let client = PlatformClient(
            channels: ServiceName.allCases.map { ($0, channel) },
            CallRules(
                timeout: .seconds(60),
                retries: RetryPolicy(
                    attempts: 3, firstPause: .zero,
                    budget: RetryBudget(share: 0.1, allowance: 5)),
                interceptors: [], logger: Logger(label: "test")))
        for _ in 0..<100 {
            await #expect(throws: RPCError.self) { try await client.quota.listRecords(.init()) }
        }
        let sent = channel.options.count
        #expect(sent > 105 && sent <= 100 + 5 + 10)

        await #expect(throws: RPCError.self) {
            try await client.signedIn([1]).archive.listItems(.init())
        }
        #expect(channel.options.count == sent + 3)
    }
}

/// Random numbers that a seed repeats.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
