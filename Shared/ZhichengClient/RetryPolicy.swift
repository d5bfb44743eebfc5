import RPC
import Synchronization

/// When a failed call is sent again: only one that did not run, or that is a read or carries an idempotency key,
/// and only while the budget lasts.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a call is sent at most, the first time included; at least 1.
    public var attempts: Int
    /// The longest pause before the second attempt; it doubles with each further one. The real pause is a random part of it.
    public var firstPause: Duration
    /// How many further attempts all calls to one service may make together.
    public var budget: RetryBudget

    /// - Parameters:
    ///   - attempts: of one call, the first included; at least 1.
    ///   - firstPause: the longest pause before the second attempt.
    ///   - budget: of all calls of a client to one service together.
    public init(
        attempts: Int = 3, firstPause: Duration = .milliseconds(50),
        budget: RetryBudget = RetryBudget()
    ) {
        precondition(attempts >= 1, "a call is sent at least once")
        self.attempts = attempts
        self.firstPause = firstPause
        self.budget = budget
    }

    /// Every call is sent once.
    public static let none = RetryPolicy(attempts: 1)

    /// The pause before the next attempt; nil when there must be none.
    /// - Parameters:
    ///   - attempt: how often the call was sent so far.
    ///   - isRepeatable: whether it is a read or carries an idempotency key.
    ///   - fraction: 0 to 1, random.
    func pause(
        after error: RPCError, attempt: Int, isRepeatable: Bool, fraction: Double
    ) -> Duration? {
        guard attempt < attempts else { return nil }
        switch error.code {
        case .cancelled, .deadlineExceeded: return nil
        // What a lost connection leaves open; other codes are answers.
        case .unavailable where error.verdict == .unknown && isRepeatable: break
        default: guard error.isRetryable else { return nil }
        }
        let longest = firstPause * (1 << min(attempt - 1, 10))
        return max(error.retryAfter ?? .zero, longest * fraction)
    }
}

/// How many further attempts a client makes on one service: at most `allowance + share × calls`, ever.
///
/// A service that fails under load would otherwise get several times that load. When the budget is used up, calls
/// fail with what their first attempt met, until enough of them have gone out to earn another attempt.
public struct RetryBudget: Sendable, Hashable {
    /// The part of a further attempt that each call earns, 0 to 1; counted in thousandths.
    public let share: Double
    /// Further attempts that a new client has, and the most that can be saved up; 0 to 1,000,000.
    public let allowance: Int

    /// - Parameters:
    ///   - share: 0 to 1; another number is a programmer's error.
    ///   - allowance: 0 to 1,000,000; another number is a programmer's error.
    public init(share: Double = 0.1, allowance: Int = 10) {
        precondition((0...1).contains(share), "a share of \(share) is not within 0 to 1")
        precondition(
            (0...1_000_000).contains(allowance),
            "an allowance of \(allowance) is not within 0 to 1000000")
        self.share = share
        self.allowance = allowance
    }
}

/// A budget that is being used: what all calls to one service share.
final class RetryTokens: Sendable {
    /// One further attempt, in thousandths.
    private static let whole = 1_000

    private let share: Int
    private let most: Int
    /// In thousandths of an attempt, 0 to `most`.
    private let saved: Mutex<Int>

    init(_ budget: RetryBudget) {
        share = Int((budget.share * Double(Self.whole)).rounded())
        most = budget.allowance * Self.whole
        saved = Mutex(most)
    }

    /// A call goes out for the first time.
    func earn() {
        saved.withLock { $0 = min($0 + share, most) }
    }

    /// Takes one further attempt; false when there is none.
    func spend() -> Bool {
        saved.withLock { saved in
            guard saved >= Self.whole else { return false }
            saved -= Self.whole
            return true
        }
    }
}
