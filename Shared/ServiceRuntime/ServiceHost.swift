import ArgumentParser
import Attachments
import Domain
import Logging
import Messages
import RPC
import RPCTransport
import Secrets
import ServiceLifecycle
import ServiceStubs
import Storage
import UnixSignals

#if canImport(Glibc)
    import Glibc
#endif

extension ServiceDefinition {
    /// Runs the service until SIGTERM or SIGINT.
    func run(_ options: ServiceOptions) async throws {
        try await explaining { try await serve(options) }
    }

    /// An error of the work ends in one clear line on standard error and a documented exit code.
    func explaining(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch {
            let (line, code) = Self.explain(error)
            writeLine("\(name): \(line)", to: STDERR_FILENO)
            throw ExitCode(code.rawValue)
        }
    }

    private func serve(_ options: ServiceOptions) async throws {
        let endpoint = try options.listenEndpoint()
        let peers = try options.peers()
        var logger = Logger(label: name) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = try options.level()
        let clock: any WallClock =
            if let start = options.developmentClock {
                try DevelopmentClock(startingAt: start)
            } else {
                SystemWallClock()
            }
        let credentials = try options.credentials(of: name)
        let keyRing = try KeyRing(file: options.fieldKeys)
        let database = try Database.open(
            DatabaseConfiguration(path: options.database, owner: name, clock: clock),
            migrations: migrations)
        defer { database.close() }
        let clockFile = DevelopmentClockFile(path: StoredData(options).clock)
        if let clock = clock as? DevelopmentClock { try clockFile.resume(clock) }

        var channels: [String: TCPChannel] = [:]
        for (peerName, peer) in peers {
            channels[peerName] = TCPChannel(
                host: peer.host, port: peer.port,
                configuration: ChannelConfiguration(
                    peerName: "\(name)/1@\(platformVersion)",
                    tls: ClientTLS(credentials: credentials, serviceName: peerName)),
                logger: logger)
        }
        let environment = ServiceEnvironment(
            name: name, clock: clock, logger: logger, database: database, keyRing: keyRing,
            fields: keyRing.cipher(service: name),
            attachments: try AttachmentStore(
                directory: StoredData(options).attachments),
            channels: channels, settings: try options.settings())
        var assembly = try assemble(environment)
        if let files { assembly.run(environment.attachmentSweep(referred: files)) }
        let (metrics, load) = (MetricsRegistry(), ServerLoad())
        assembly.serveStandard(
            environment, channels: channels, metrics: MetricsHandler(registry: metrics, load: load),
            clockFile: clockFile)
        let slowCall = try options.slowCall()

        var configuration = ServerConfiguration(
            host: endpoint.host, port: endpoint.port,
            peerName: "\(name)/1@\(platformVersion)", credentials: credentials)
        configuration.acceptsPlaintext = endpoint.isLoopback
        let server = RPCServer(
            configuration: configuration,
            routes: assembly.routes, admission: assembly.admission,
            interceptors: [
                CallLog(logger, slow: slowCall).interceptor,
                CallMetrics(of: assembly.routes.methods, factory: metrics).interceptor,
            ], load: load, logger: logger)
        var services: [any Service] = channels.values.map { $0 }
        services += assembly.background
        services.append(CertificateWatch(credentials: credentials, logger: logger))
        services.append(server)
        services.append(ReadyLine(name: name, host: endpoint.host, server: server))
        if options.exitWithParent { services.append(ParentWatch()) }
        try await ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }

    /// The line for an operator, and the exit code.
    static func explain(_ error: any Error) -> (String, ServiceExit) {
        switch error {
        case let error as ConfigurationError: (error.description, .configuration)
        case let error as TransportError: (error.description, .configuration)
        case let error as StorageError:
            (
                error.description,
                error.isInUse ? .unavailable : error.mayPass ? .failed : .configuration
            )
        case let error as KeyFileError: (error.description, .configuration)
        case let error as ValueFault: (error.message, .configuration)
        default: ("\(error)", .failed)
        }
    }
}

extension ServiceAssembly {
    /// Health for everybody; metrics and the development clock for the operator's command.
    mutating func serveStandard(
        _ environment: ServiceEnvironment, channels: [String: any RPCChannel],
        metrics: MetricsHandler, clockFile: DevelopmentClockFile
    ) {
        let health = HealthHandler(
            name: environment.name, database: environment.database, channels: channels,
            logger: environment.logger)
        serve(
            health.register(in:),
            access: { (_: Wire.HealthMethod) in .anyone })
        exempt(Wire.HealthMethod.check.method)
        serve(
            metrics.register(in:),
            access: { (_: Wire.MetricsMethod) in .services(["zhicheng"]) })
        exempt(Wire.MetricsMethod.read.method)
        if let clock = environment.clock as? DevelopmentClock {
            let handler = DevelopmentHandler(clock: clock, file: clockFile)
            serve(
                handler.register(in:),
                access: { (_: Development.DevelopmentMethod) in .services(["zhicheng"]) })
        }
    }
}

/// Says on standard output that the service answers: `READY quota-service 127.0.0.1:7004`.
private struct ReadyLine: Service {
    let name: String
    let host: String
    let server: RPCServer

    func run() async throws {
        let port = try await server.listeningPort()
        writeLine("READY \(name) \(Endpoint(host: host, port: port))", to: STDOUT_FILENO)
        try await gracefulShutdown()
    }
}
