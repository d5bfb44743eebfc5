import RPC
import RPCTransport

/// One connection to each service, made when it is first needed.
struct Connections: Sendable {
    private let channels: [ServiceName: TCPChannel]

    init(_ configuration: ClientConfiguration) {
        var channels: [ServiceName: TCPChannel] = [:]
        for name in ServiceName.allCases {
            let address = configuration.endpoints[name]
            channels[name] = TCPChannel(
                host: address.host, port: address.port,
                configuration: ChannelConfiguration(
                    peerName: configuration.peerName, serviceKey: configuration.serviceKey),
                logger: configuration.logger)
        }
        self.channels = channels
    }

    subscript(name: ServiceName) -> any RPCChannel {
        guard let channel = channels[name] else {
            preconditionFailure("every service has a channel")
        }
        return channel
    }

    /// Keeps the connections until the task is cancelled or the service group shuts down.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for channel in channels.values {
                group.addTask { try await channel.run() }
            }
            try await group.waitForAll()
        }
    }
}
