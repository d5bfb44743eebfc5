/// Code that every call passes, on the side that calls or on the side that answers: it may change or
/// refuse a call before, and sees how it ended afterwards.
///
/// Interceptors see no messages: those hold personal data, which logs and metrics must not.
public struct Interceptor<Call: Sendable, End: Sendable>: Sendable {
    package let prepare: (@Sendable (_ call: inout Call) async throws(RPCError) -> Void)?
    package let observe: (@Sendable (_ call: Call, _ end: End) -> Void)?

    /// - Parameters:
    ///   - prepare: runs before the call does; what it throws is the call's error, and the call does not run.
    ///   - observe: runs once, after the call's end; must not block.
    public init(
        prepare: (@Sendable (_ call: inout Call) async throws(RPCError) -> Void)? = nil,
        observe: (@Sendable (_ call: Call, _ end: End) -> Void)? = nil
    ) {
        self.prepare = prepare
        self.observe = observe
    }
}

/// What every call of a server passes. `prepare` runs in the order of the list, before admission;
/// `observe` sees each call as it came, refused ones too, when its answer is packed.
package typealias ServerInterceptor = Interceptor<RequestContext, ServedCall>

/// How a call that a server was asked for ended.
package struct ServedCall: Sendable {
    /// Nil: it succeeded.
    package let error: RPCError?
    /// Until its handler began; admission counts as waiting.
    package let queueNanoseconds: Int64
    package let handlerNanoseconds: Int64
    /// Of the message alone.
    package let requestBytes: Int
    /// Of the answer's frame, within this process of its message; 0 when that is an error.
    package let replyBytes: Int

    package init(
        error: RPCError?, queueNanoseconds: Int64, handlerNanoseconds: Int64, requestBytes: Int,
        replyBytes: Int
    ) {
        self.error = error
        self.queueNanoseconds = queueNanoseconds
        self.handlerNanoseconds = handlerNanoseconds
        self.requestBytes = requestBytes
        self.replyBytes = replyBytes
    }

    package var code: RPCCode { error?.code ?? .ok }
}

extension Result {
    /// Nil on success.
    package var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
