public import Logging
public import RPCTransport

/// How a client reaches the platform, and what holds for all its calls.
public struct ClientConfiguration: Sendable {
    /// Where each service answers.
    public var endpoints: ServiceEndpoints
    /// The deployment's key: only for operators, whose command proves with it that it is one. Nil for users' clients.
    public var serviceKey: ServiceKey?
    /// How the client introduces itself, "service/instance@version". With a key, the part before the slash must be on
    /// the services' allow-lists.
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
    ///   - endpoints: by default this machine, where `zhicheng dev` has the services.
    ///   - serviceKey: only for operators.
    ///   - peerName: "service/instance@version".
    ///   - timeout: of a call whose options name none.
    ///   - retries: when a failed call is sent again.
    ///   - interceptors: what every call passes.
    ///   - logger: without one, the client says nothing.
    public init(
        endpoints: ServiceEndpoints = ServiceEndpoints(), serviceKey: ServiceKey? = nil,
        peerName: String = "zhicheng-client/1@0.1.0", timeout: Duration = .seconds(10),
        retries: RetryPolicy = RetryPolicy(), interceptors: [CallInterceptor] = [],
        logger: Logger? = nil
    ) {
        self.endpoints = endpoints
        self.serviceKey = serviceKey
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
