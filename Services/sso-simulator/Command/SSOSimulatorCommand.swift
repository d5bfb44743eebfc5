import ArgumentParser
import Hummingbird
import Logging
import NIOCore
import SSOSimulator
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#endif

@main
struct SSOSimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sso-simulator",
        abstract: "闽政通（模拟）: a stand-in of the identity provider, for development and tests only.",
        discussion: "Exit codes: 0 stopped, 70 failed, 78 the configuration must change first.",
        version: "0.1.0")

    @Option(help: "Address to listen on, HOST:PORT; port 0 takes any free port.")
    var listen = "127.0.0.1:7010"

    @Option(
        help: "An application that may sign its users in, ID=SECRET. May be given several times.")
    var client: [String] = []

    @Option(
        help: """
            An address that browsers may be sent back to; on loopback its port is not compared. May be \
            given several times. Default: http://127.0.0.1/callback, http://localhost/callback.
            """)
    var callback: [String] = []

    @Option(help: "How ID tokens name this provider.")
    var issuer = SimulatorConfiguration.developmentIssuer

    @Flag(help: "Allow listening beyond loopback: everybody who reaches it can sign in as a unit.")
    var allowPlaintext = false

    @Flag(help: "End when standard input closes, so that no orphan outlives its supervisor.")
    var exitWithParent = false

    func run() async throws {
        do {
            try await serve()
        } catch let error as SimulatorError {
            end(error.description, code: 78)
        } catch let error as IOError {
            end("cannot listen on \(listen): \(error)", code: 78)
        } catch {
            end("\(error)", code: 70)
        }
    }

    private func serve() async throws {
        let (host, port) = try endpoint()
        let simulator = Simulator(
            configuration: try SimulatorConfiguration(
                clients: client, callbacks: callback, issuer: issuer))
        var logger = Logger(label: "sso-simulator") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let application = simulator.application(host: host, port: port, logger: logger) { port in
            writeLine("READY sso-simulator \(host):\(port)", to: STDOUT_FILENO)
        }
        var services: [any Service] = [application]
        if exitWithParent { services.append(ParentWatch()) }
        try await ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }

    private func endpoint() throws(SimulatorError) -> (host: String, port: Int) {
        guard let colon = listen.lastIndex(of: ":"), colon != listen.startIndex,
            let port = UInt16(listen[listen.index(after: colon)...])
        else {
            throw SimulatorError("“\(listen)” is not an address of the form HOST:PORT")
        }
        let host = String(listen[..<colon])
        guard allowPlaintext || host == "localhost" || host.hasPrefix("127.") else {
            throw SimulatorError(
                "\(listen) is reachable from other machines; listen on 127.0.0.1 or add"
                    + " --allow-plaintext")
        }
        return (host, Int(port))
    }

    private func end(_ line: String, code: Int32) -> Never {
        writeLine("sso-simulator: \(line)", to: STDERR_FILENO)
        Self.exit(withError: ExitCode(code))
    }
}
