public import RPC

/// Code that every call of a client passes: adds metadata before, sees how it ended afterwards.
///
/// Interceptors are prepared in the order of the configuration and observe in the reverse order. Both see a call once,
/// however often it is sent. They see no messages: those hold personal data, which logs and metrics must not.
public struct CallInterceptor: Sendable {
    /// Runs before the call is sent for the first time; its time counts as the call's. What it throws is the call's
    /// error: the call is not sent, and only the interceptors before this one observe it.
    let prepare: @Sendable (_ call: inout ClientCall) async throws(RPCError) -> Void
    /// Runs after the last attempt, on the caller's task.
    let observe: @Sendable (_ call: ClientCall, _ end: CallEnd) -> Void

    /// - Parameters:
    ///   - prepare: may change the call's options, or throw to keep it from being sent.
    ///   - observe: must not block: the caller waits for it.
    public init(
        prepare: @escaping @Sendable (_ call: inout ClientCall) async throws(RPCError) -> Void = {
            _ throws(RPCError) in
        },
        observe: @escaping @Sendable (_ call: ClientCall, _ end: CallEnd) -> Void = { _, _ in }
    ) {
        self.prepare = prepare
        self.observe = observe
    }
}

/// A call as interceptors see it.
public struct ClientCall: Sendable {
    /// Who is called.
    public let service: ServiceName
    /// What is called.
    public let method: RPCMethod
    /// How. The session is in its metadata; `timeout` is nil where the client's default holds.
    public var options: CallOptions
}

/// How a call ended, all its attempts together.
public struct CallEnd: Sendable {
    /// Why it failed; nil when a reply came.
    public let error: RPCError?
    /// How often it was sent; 0 when an interceptor kept it back.
    public let attempts: Int
    /// From the caller's call to its end: preparing, pauses and all attempts.
    public let duration: Duration
}
