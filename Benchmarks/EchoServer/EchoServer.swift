import Logging
import Messages
import RPC
import RPCTransport
import ServiceLifecycle

/// The platform's own side of Scripts/bench: answers `bench.v1.Echo/Get` with what came.
/// Prints `READY <port>`. With a folder of certificates as its argument it speaks TLS. Deadlines, admission and limits are on, as in a service.
@main
enum EchoServer {
    static func main() async throws {
        var routes = RouteTable()
        routes.unary(RPCMethod("bench.v1.Echo/Get", readOnly: true)) {
            (request: Wire.Pair, _) async throws -> Wire.Pair in request
        }
        var logger = Logger(label: "zhicheng-echo-server") {
            StreamLogHandler.standardError(label: $0)
        }
        logger.logLevel = .warning
        let folder = CommandLine.arguments.dropFirst().first
        let server = RPCServer(
            configuration: ServerConfiguration(
                host: "127.0.0.1", port: 0, peerName: "zhicheng-echo-server/1@1",
                credentials: try folder.map { try TLSCredentials(folder: $0) }),
            routes: routes, admission: { _ throws(RPCError) in }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask {
                print("READY \(try await server.listeningPort())")
                flushOutput()
            }
            try await group.waitForAll()
        }
    }
}
