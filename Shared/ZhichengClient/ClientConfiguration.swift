public import Logging
public import RPCTransport

/// How a client reaches the platform.
public struct ClientConfiguration: Sendable {
    public var endpoints: ServiceEndpoints
    /// The deployment's key: only for operators, whose command proves with it that it is one. Nil for users' clients.
    public var serviceKey: ServiceKey?
    /// How the client introduces itself, "service/instance@version". With a key, the part before the slash must be on
    /// the services' allow-lists.
    public var peerName: String
    /// What a call may take that has no timeout of its own: connecting, queueing and answering together.
    public var timeout: Duration
    public var retries: RetryPolicy
    public var logger: Logger

    /// - Parameter logger: gets what happens to connections; says nothing unless given.
    public init(
        endpoints: ServiceEndpoints = ServiceEndpoints(), serviceKey: ServiceKey? = nil,
        peerName: String = "zhicheng-client/1@0.1.0", timeout: Duration = .seconds(10),
        retries: RetryPolicy = RetryPolicy(), logger: Logger? = nil
    ) {
        self.endpoints = endpoints
        self.serviceKey = serviceKey
        self.peerName = peerName
        self.timeout = timeout
        self.retries = retries
        self.logger = logger ?? Logger(label: "zhicheng-client") { _ in SwiftLogNoOpLogHandler() }
    }
}

/// When a failed call is sent again: only one that did not run, or that is a read or carries an idempotency key.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a call is sent at most, the first time included; at least 1.
    public var attempts: Int
    /// The longest pause before the second attempt; it doubles with each further one. The real pause is a random part of it.
    public var firstPause: Duration

    public init(attempts: Int = 3, firstPause: Duration = .milliseconds(50)) {
        precondition(attempts >= 1, "a call is sent at least once")
        self.attempts = attempts
        self.firstPause = firstPause
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
