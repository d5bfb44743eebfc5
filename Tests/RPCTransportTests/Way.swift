import RPC

@testable import RPCTransport

/// Which way calls go: the same must hold on both.
enum Way: CaseIterable, Sendable {
    case socket, process
}

/// A channel to the routes, closed after the body.
func withChannel(
    _ way: Way, _ routes: RouteTable, interceptors: [ServerInterceptor] = [],
    load: ServerLoad = ServerLoad(), _ body: @Sendable (any RPCChannel) async throws -> Void
) async throws {
    switch way {
    case .socket:
        try await withServer(routes, interceptors: interceptors, load: load) { port in
            try await withChannel(port) { try await body($0) }
        }
    case .process:
        try await body(
            InProcessChannel(
                routes: routes, admission: { _ in },
                peer: Peer(name: "tester/1@0.1.0", isAuthenticated: false),
                interceptors: interceptors, load: load, logger: quiet))
    }
}
