public import RPC

/// Code that every call of a client passes: adds metadata before, sees how it ended afterwards.
///
/// Interceptors are prepared in the order of the configuration and observe in the reverse order. Both see a call once,
/// however often it is sent. They see no messages: those hold personal data, which logs and metrics must not.
///
/// `prepare` runs before the call is sent for the first time; its time counts as the call's. What it throws is the
/// call's error: the call is not sent, and only the interceptors before this one observe it. `observe` runs after the
/// last attempt, on the caller's task, and must not block: the caller waits for it.
public typealias CallInterceptor = Interceptor<ClientCall, CallEnd>

/// A call as interceptors see it.
public struct ClientCall: Sendable {
    /// Who is called.
    public let service: ServiceName
    /// What is called.
    public let method: RPCMethod
    /// How. The session is in its metadata; `timeout` is nil where the client's default holds. It has a trace.
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
