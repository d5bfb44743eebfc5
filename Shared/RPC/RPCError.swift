public import MessageCoding

/// Why a call failed. The one error of every call, on both sides.
public struct RPCError: Error, Sendable {
    /// gRPC's status code; never `ok`.
    public var code: RPCCode
    /// One line for a person, without personal data.
    public var message: String
    /// Typed facts: field violations, vacancies, the holder of a claim.
    public var details: [ErrorDetail]
    /// Whether it ran, and so whether it may be repeated.
    public var verdict: RetryVerdict
    /// How long to wait before a repeat; nil when the server does not say.
    public var retryAfter: Duration?
    /// The method that was called; set by the caller's side.
    public var method: String?
    /// The key that the call carried; set by the SDK's client. A repeat with it does no harm.
    public var idempotencyKey: IdempotencyKey?
    /// What lies behind it, for this process's log; never sent.
    package var cause: (any Error)?

    /// - Parameter message: one line for a person, without personal data.
    public init(
        code: RPCCode, message: String, details: [ErrorDetail] = [],
        verdict: RetryVerdict = .unknown, retryAfter: Duration? = nil
    ) {
        precondition(code != .ok, "an error is not OK")
        self.code = code
        self.message = message
        self.details = details
        self.verdict = verdict
        self.retryAfter = retryAfter
    }

    /// Whether the same call may be sent again: it did not run, or running twice does no harm.
    public var isRetryable: Bool { verdict == .notExecuted || verdict == .safe }
}

extension RPCError: CustomStringConvertible {
    public var description: String {
        "\(code)\(method.map { " from \($0)" } ?? ""): \(message)"
            + (cause.map { " (\($0))" } ?? "")
    }
}

/// A typed fact of an error.
public struct ErrorDetail: Sendable, Hashable {
    /// The full name of the message that `value` holds, "common.v1.FieldViolations".
    public var type: String
    public var value: [UInt8]

    public init(type: String, value: [UInt8]) {
        self.type = type
        self.value = value
    }

    /// The detail as a message; nil when it is of another type.
    /// - Throws: when the bytes are no such message.
    public func decode<M: Message>(as _: M.Type = M.self) throws(MessageFault) -> M? {
        guard type == M.fullName else { return nil }
        return try M(decoding: value)
    }
}
