package import Logging
package import RPC
import ServiceLifecycle

/// Answers calls over TCP.
package final class RPCServer: Service {
    package init(
        configuration: ServerConfiguration, routes: RouteTable, admission: @escaping Admission,
        logger: Logger
    ) {
    }

    package func run() async throws { throw TransportError("not built yet") }

    package func listeningPort() async throws -> Int { throw TransportError("not built yet") }
}
