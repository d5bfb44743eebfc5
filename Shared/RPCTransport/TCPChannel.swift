public import Logging
public import MessageCoding
public import RPC
public import ServiceLifecycle

/// Calls one service over TCP.
public final class TCPChannel: RPCChannel, Service {
    public init(host: String, port: Int, configuration: ChannelConfiguration, logger: Logger) {}

    public func run() async throws { try await gracefulShutdown() }

    public func close() async {}

    public func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        throw RPCError(code: .unavailable, message: "not built yet")
    }
}
