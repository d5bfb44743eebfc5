package import Logging
import NIOCore
import NIOPosix
import NIOSSL
package import RPC
import ServiceLifecycle

/// Answers calls over TCP until it is shut down.
package final class RPCServer: Service {
    private let configuration: ServerConfiguration
    private let runner: CallRunner
    private let logger: Logger
    /// What bad connections may fill of the log.
    private let warnings = LineBudget()
    private let registry: ConnectionRegistry
    private let group = MultiThreadedEventLoopGroup.singleton
    private let port: EventLoopPromise<Int>
    private let drainSignal = DrainSignal()

    private let load: ServerLoad

    /// - Parameters:
    ///   - interceptors: what every call passes.
    ///   - load: holds the calls of this server below a limit.
    package init(
        configuration: ServerConfiguration, routes: RouteTable, admission: @escaping Admission,
        interceptors: [ServerInterceptor] = [], load: ServerLoad = ServerLoad(), logger: Logger
    ) {
        precondition(
            configuration.limits.streamWindow >= ConnectionLimits.defaultStreamWindow
                && configuration.limits.connectionWindow
                    >= ConnectionLimits.defaultConnectionWindow,
            "a client may count on the default windows before the server's Hello")
        self.configuration = configuration
        self.load = load
        runner = CallRunner(
            routes: routes, admission: admission, interceptors: interceptors, load: load,
            logger: logger)
        self.logger = logger
        registry = ConnectionRegistry(limit: configuration.maxConnections)
        port = group.any().makePromise()
    }

    deinit {
        port.fail(TransportError("the server never ran"))
    }

    /// The port that it listens on, as soon as it does.
    /// - Throws: `TransportError` when it cannot listen.
    package func listeningPort() async throws -> Int { try await port.futureResult.get() }

    /// Listens until a graceful shutdown, which lets running calls end within the grace, or until the
    /// task is cancelled, which cancels them. Returns when every handler has ended. Runs once.
    /// - Throws: `TransportError` when it cannot listen.
    package func run() async throws {
        let listener: any Channel
        do {
            listener = try await bootstrap().bind(
                host: configuration.host, port: configuration.port
            ).get()
        } catch {
            let explained = TransportError(
                cannotListenOn: configuration.host, configuration.port, error)
            port.fail(explained)
            throw explained
        }
        port.succeed(listener.localAddress?.port ?? configuration.port)
        // Throws only when the task is cancelled.
        let isGraceful = (try? await gracefulShutdown()) != nil
        try? await listener.close()
        drainSignal.start()
        if isGraceful { registry.drain() } else { registry.abort() }
        await withTaskCancellationHandler {
            await registry.allEnded()
        } onCancel: {
            registry.abort()
        }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            // A restarted service gets its port back at once.
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(SocketOptions.noDelay, value: 1)
            .childChannelOption(SocketOptions.keepAlive, value: 1)
            .childChannelOption(
                SocketOptions.userTimeout, value: SocketOptions.userTimeoutMilliseconds
            )
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(
                    low: configuration.limits.outboundBytes / 2,
                    high: configuration.limits.outboundBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.setUp(channel) }
            }
    }

    private func setUp(_ channel: any Channel) throws {
        try SocketOptions.setBuffers(configuration.limits, of: channel)
        let peer = NIOLoopBoundBox<String?>(nil, eventLoop: channel.eventLoop)
        let connection = ServerConnection(
            configuration: configuration, runner: runner,
            executor: LoopExecutor.of(channel.eventLoop), logger: logger,
            warnings: warnings, drainSignal: drainSignal,
            network: PeerNetwork(channel.remoteAddress),
            authenticate: { Self.authenticate($0, certified: peer.value) },
            admitStranger: { [registry] in registry.admitStranger($0) }
        ) { [registry, load] in
            registry.remove($0)
            load.connectionEnded()
        }
        guard registry.admit(connection, on: channel.eventLoop) else {
            warnings.log(
                .warning, "a connection is refused: \(configuration.maxConnections) are open",
                to: logger)
            guard configuration.credentials == nil else { return channel.close(promise: nil) }
            let refusal = Frame.Goaway(
                lastID: 0, code: .resourceExhausted,
                message: "this server takes no further connections")
            let bytes = OutboundFrame.goaway(refusal).bytes()
            channel.writeAndFlush(channel.allocator.buffer(bytes: bytes))
                .whenComplete { _ in channel.close(promise: nil) }
            return
        }
        load.connectionBegan()
        if let context = configuration.credentials?.server {
            let pipeline = channel.pipeline.syncOperations
            let addTLS = { (position: ChannelPipeline.SynchronousOperations.Position) in
                let tls = NIOSSLServerHandler(context: context)
                let handshake = TLSHandshake(behind: tls) { outcome in
                    if case .done(let name) = outcome { peer.value = name }
                }
                try pipeline.addHandlers([tls, handshake], position: position)
            }
            if configuration.acceptsPlaintext {
                try pipeline.addHandler(TLSOrPlaintext(setUpTLS: addTLS))
            } else {
                try addTLS(.last)
            }
        }
        try channel.pipeline.syncOperations.addHandler(connection.makeHandler())
    }

    /// The certificate alone says who a peer is; what its Hello claims means nothing.
    private static func authenticate(
        _ hello: Frame.Hello, certified name: String?
    ) -> ServerConnectionState.Authentication {
        guard hello.authScheme.isEmpty, hello.auth.isEmpty else {
            return .refused("the authentication scheme is not known here; show a certificate")
        }
        return name.map { .service($0) } ?? .anonymous
    }
}
