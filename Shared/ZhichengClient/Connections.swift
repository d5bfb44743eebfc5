import RPC
import RPCTransport
import ServiceLifecycle

/// The way to each service, with the attempts that all calls to it may make.
struct Connections: Sendable {
    private struct Way: Sendable {
        let channel: any RPCChannel
        let tokens: RetryTokens
    }

    private let ways: [ServiceName: Way]
    /// What must run so that calls are answered; none for channels within this process.
    private let running: [TCPChannel]

    /// A channel to each service, which connects when it is first needed.
    init(_ configuration: ClientConfiguration) {
        let channels = ServiceName.allCases.map { name in
            let address = configuration.endpoints[name]
            return (
                name,
                TCPChannel(
                    host: address.host, port: address.port,
                    configuration: ChannelConfiguration(
                        peerName: configuration.peerName,
                        tls: ClientTLS(
                            credentials: configuration.credentials, serviceName: name.rawValue)),
                    logger: configuration.logger)
            )
        }
        self.init(channels, running: channels.map(\.1), budget: configuration.retries.budget)
    }

    /// Over channels that are somebody else's to close.
    /// - Parameter channels: one for every service.
    init(_ channels: [(ServiceName, any RPCChannel)], budget: RetryBudget) {
        self.init(channels, running: [], budget: budget)
    }

    private init(
        _ channels: [(ServiceName, any RPCChannel)], running: [TCPChannel], budget: RetryBudget
    ) {
        var ways: [ServiceName: Way] = [:]
        for (name, channel) in channels {
            ways[name] = Way(channel: channel, tokens: RetryTokens(budget))
        }
        self.ways = ways
        self.running = running
    }

    /// The channel to a service as a client calls it.
    func calling(
        _ service: ServiceName, _ rules: CallRules, session: [UInt8]?
    ) -> CallingChannel {
        guard let way = ways[service] else {
            preconditionFailure("every service has a channel")
        }
        return CallingChannel(
            service: service, base: way.channel, tokens: way.tokens, rules: rules,
            session: session)
    }

    /// Keeps the connections until the task is cancelled or the service group shuts down.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for channel in running {
                group.addTask { try await channel.run() }
            }
            if running.isEmpty {
                // Ends by cancellation too, which is no failure.
                group.addTask { try? await gracefulShutdown() }
            }
            try await group.waitForAll()
        }
    }
}
