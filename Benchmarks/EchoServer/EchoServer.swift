import Logging
import Messages
import RPC
import RPCTransport
import ServiceLifecycle

/// The platform's own side of Scripts/bench: `bench.v1.Echo/Get` answers with what came, `/Slow` does so 15 ms
/// later, `/Work` after its turn at a resource that does 1,000 a second, `/Stream` again and again until it is cancelled,
/// and `bench.v1.List/Get` with 50 rows.
/// Prints `READY <port>`. With a folder of certificates as its argument it speaks TLS. Deadlines, admission and limits
/// are on, as in a service.
@main
enum EchoServer {
    static func main() async throws {
        var logger = Logger(label: "zhicheng-echo-server") {
            StreamLogHandler.standardError(label: $0)
        }
        logger.logLevel = .error
        let folder = CommandLine.arguments.dropFirst().first
        var configuration = ServerConfiguration(
            host: "127.0.0.1", port: 0, peerName: "zhicheng-echo-server/1@1",
            credentials: try folder.map { try TLSCredentials(folder: $0) })
        configuration.maxConnections = 10_000
        let routes = routes()
        let server = RPCServer(
            configuration: configuration, routes: routes, admission: { _ throws(RPCError) in },
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask {
                print("READY \(try await server.listeningPort())")
                flushOutput()
            }
            try await group.waitForAll()
        }
    }

    private static func routes() -> RouteTable {
        var routes = RouteTable()
        routes.unary(RPCMethod("bench.v1.Echo/Get", readOnly: true)) {
            (request: Wire.Pair, _) async throws -> Wire.Pair in request
        }
        routes.unary(RPCMethod("bench.v1.Echo/Slow", readOnly: true)) {
            (request: Wire.Pair, _) async throws -> Wire.Pair in
            try await Task.sleep(for: .milliseconds(15))
            return request
        }
        let worker = Worker(places: 4, serviceTime: .milliseconds(4))
        routes.unary(RPCMethod("bench.v1.Echo/Work", readOnly: true)) {
            (request: Wire.Pair, _) async throws -> Wire.Pair in
            try await worker.work()
            return request
        }
        routes.serverStream(RPCMethod("bench.v1.Echo/Stream", readOnly: true, kind: .serverStream))
        {
            (request: Wire.Pair, replies: ReplyWriter<Wire.Pair>, _) async throws in
            while true { try await replies.send(request) }
        }
        let page = Tasks.ListTasksReply.sample
        routes.unary(RPCMethod("bench.v1.List/Get", readOnly: true)) {
            (_: Tasks.ListTasksRequest, _) async throws -> Tasks.ListTasksReply in page
        }
        return routes
    }
}
