public import RPC
import RPCTransport
public import ServiceLifecycle
public import ServiceStubs

/// The platform as a program sees it: one typed client per service, over connections that it shares.
///
/// Made by ``withClient(_:_:)``, or run in a service group. Copies share the connections; ``signedIn(_:)`` gives
/// one that calls on behalf of a user.
public struct PlatformClient: Sendable, Service {
    private let connections: Connections
    private let rules: CallRules
    /// The session that the calls carry; nil for none.
    public let session: [UInt8]?

    /// Connects on the first call. Running it is not needed: its connections close with its last copy.
    public init(_ configuration: ClientConfiguration) {
        self.init(
            connections: Connections(configuration), rules: configuration.rules, session: nil)
    }

    /// Calls over these channels instead of connections; ``run()`` is not needed.
    /// - Parameter channels: one for every service; closing them stays with their owner.
    package init(channels: [(ServiceName, any RPCChannel)], _ rules: CallRules) {
        self.init(
            connections: Connections(channels, budget: rules.retries.budget), rules: rules,
            session: nil)
    }

    private init(connections: Connections, rules: CallRules, session: [UInt8]?) {
        self.connections = connections
        self.rules = rules
        self.session = session
    }

    /// The same client for a user; both share the connections and the budget for further attempts.
    /// - Parameter session: 32 bytes, from `SignInReply`.
    public func signedIn(_ session: [UInt8]) -> PlatformClient {
        PlatformClient(connections: connections, rules: rules, session: session)
    }

    /// Units, officers, applicants, sessions.
    public var identity: Identity.IdentityClient { Identity.IdentityClient(channel(.identity)) }
    /// 业绩档案.
    public var archive: Archive.ArchiveClient { Archive.ArchiveClient(channel(.archive)) }
    /// 职称申报.
    public var declaration: Declaration.DeclarationClient {
        Declaration.DeclarationClient(channel(.declaration))
    }
    /// 岗位核准信息.
    public var quota: Quota.QuotaClient { Quota.QuotaClient(channel(.quota)) }
    /// 任务中心.
    public var tasks: Tasks.TaskCentreClient { Tasks.TaskCentreClient(channel(.tasks)) }
    /// 通知.
    public var notifications: Tasks.NotificationsClient {
        Tasks.NotificationsClient(channel(.tasks))
    }

    /// Whether a service answers, and what it depends on.
    public func health(of name: ServiceName) -> Wire.HealthClient {
        Wire.HealthClient(channel(name))
    }

    /// What a service counted since it was started; for operators.
    public func metrics(of name: ServiceName) -> Wire.MetricsClient {
        Wire.MetricsClient(channel(name))
    }

    /// The development clock of a service; for operators, where one was started with it.
    public func development(of name: ServiceName) -> Development.DevelopmentClient {
        Development.DevelopmentClient(channel(name))
    }

    /// A channel that calls as this client does, for clients of further protobuf services.
    public func channel(_ name: ServiceName) -> any RPCChannel {
        connections.calling(name, rules, session: session)
    }

    /// Keeps the connections until the task is cancelled or the service group shuts down.
    public func run() async throws {
        try await connections.run()
    }
}

/// Lends a client for as long as the body runs; its connections are closed afterwards, however it ends.
/// - Throws: what the body throws.
public func withClient<Value: Sendable>(
    _ configuration: ClientConfiguration,
    _ body: (PlatformClient) async throws -> Value
) async throws -> Value {
    let client = PlatformClient(configuration)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await client.run() }
        defer { group.cancelAll() }
        return try await body(client)
    }
}
