public import MessageCoding

/// Why a call failed. The one error of every call, on both sides.
public struct RPCError: Error, Sendable {
    /// One pointer: every call has room for an error at each step of its way, and hardly any has one.
    private var box: Box

    /// - Parameter message: one line for a person, without personal data.
    public init(
        code: RPCCode, message: String, details: [ErrorDetail] = [],
        verdict: RetryVerdict = .unknown, retryAfter: Duration? = nil
    ) {
        precondition(code != .ok, "an error is not OK")
        box = Box(
            Fields(
                code: code, message: message, details: details, verdict: verdict,
                retryAfter: retryAfter))
    }

    /// gRPC's status code; never `ok`.
    public var code: RPCCode {
        get { box.fields.code }
        set { change { $0.code = newValue } }
    }

    /// One line for a person, without personal data.
    public var message: String {
        get { box.fields.message }
        set { change { $0.message = newValue } }
    }

    /// Typed facts: field violations, vacancies, the holder of a claim.
    public var details: [ErrorDetail] {
        get { box.fields.details }
        set { change { $0.details = newValue } }
    }

    /// Whether it ran, and so whether it may be repeated.
    public var verdict: RetryVerdict {
        get { box.fields.verdict }
        set { change { $0.verdict = newValue } }
    }

    /// How long to wait before a repeat; nil when the server does not say.
    public var retryAfter: Duration? {
        get { box.fields.retryAfter }
        set { change { $0.retryAfter = newValue } }
    }

    /// The method that was called; set by the caller's side.
    public var method: String? {
        get { box.fields.method }
        set { change { $0.method = newValue } }
    }

    /// The key that the call carried; set by the SDK's client. A repeat with it does no harm.
    public var idempotencyKey: IdempotencyKey? {
        get { box.fields.idempotencyKey }
        set { change { $0.idempotencyKey = newValue } }
    }

    /// What lies behind it, for this process's log; never sent.
    package var cause: (any Error)? {
        get { box.fields.cause }
        set { change { $0.cause = newValue } }
    }

    /// Whether the same call may be sent again: it did not run, or running twice does no harm.
    public var isRetryable: Bool { verdict == .notExecuted || verdict == .safe }

    /// Boxes never change, so that errors can share them.
    private mutating func change(_ edit: (inout Fields) -> Void) {
        var fields = box.fields
        edit(&fields)
        box = Box(fields)
    }

    private struct Fields: Sendable {
        var code: RPCCode
        var message: String
        var details: [ErrorDetail]
        var verdict: RetryVerdict
        var retryAfter: Duration?
        var method: String?
        var idempotencyKey: IdempotencyKey?
        var cause: (any Error)?
    }

    private final class Box: Sendable {
        let fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }
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
