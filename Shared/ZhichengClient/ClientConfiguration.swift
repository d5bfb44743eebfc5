public import Logging
public import RPCTransport

/// How a client reaches the platform, and what holds for all its calls.
public struct ClientConfiguration: Sendable {
    /// Where each service answers.
    public var endpoints: ServiceEndpoints
    /// Whom to trust. Users' clients have no certificate of their own; the operator's command proves with
    /// one that it is the operator's.
    public var credentials: TLSCredentials
    /// How the client introduces itself, "service/instance@version"; it proves nothing.
    public var peerName: String
    /// What a call may take that has no timeout of its own: connecting, queueing, answering and further attempts together.
    public var timeout: Duration
    /// When a failed call is sent again.
    public var retries: RetryPolicy
    /// What every call passes, in this order.
    public var interceptors: [CallInterceptor]
    /// Gets what happens to connections, and at level debug each further attempt; nothing of the messages.
    public var logger: Logger

    /// - Parameters:
    ///   - credentials: `TLSCredentials(authorityFile:)` for users' clients.
    ///   - endpoints: by default this machine, where `zhicheng dev` has the services.
    ///   - peerName: "service/instance@version".
    ///   - timeout: of a call whose options name none.
    ///   - retries: when a failed call is sent again.
    ///   - interceptors: what every call passes.
    ///   - logger: without one, the client says nothing.
    public init(
        credentials: TLSCredentials, endpoints: ServiceEndpoints = ServiceEndpoints(),
        peerName: String = "zhicheng-client/1@0.1.0", timeout: Duration = .seconds(10),
        retries: RetryPolicy = RetryPolicy(), interceptors: [CallInterceptor] = [],
        logger: Logger? = nil
    ) {
        self.credentials = credentials
        self.endpoints = endpoints
        self.peerName = peerName
        self.timeout = timeout
        self.retries = retries
        self.interceptors = interceptors
        self.logger = logger ?? Logger(label: "zhicheng-client") { _ in SwiftLogNoOpLogHandler() }
    }

    var rules: CallRules {
        CallRules(timeout: timeout, retries: retries, interceptors: interceptors, logger: logger)
    }
}
