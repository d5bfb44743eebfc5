package import RPC

/// Where a server listens, and what it puts up with.
package struct ServerConfiguration: Sendable {
    package var host: String
    /// 0: any free port.
    package var port: Int
    /// "service/instance@version".
    package var peerName: String
    /// A service's own; nil: plaintext, every peer is anonymous. For tests and benchmarks.
    package var credentials: TLSCredentials?
    /// Whether, beside TLS, plaintext is taken too; who speaks it is anonymous. For loopback only: a
    /// client on this machine then needs nothing but a socket.
    package var acceptsPlaintext = false
    /// Connections at once; further ones are told so and closed. Under TLS they are just closed: a
    /// handshake costs more than a word is worth.
    package var maxConnections = 1024
    /// What each connection puts up with.
    package var limits = ConnectionLimits()

    package init(host: String, port: Int, peerName: String, credentials: TLSCredentials? = nil) {
        precondition(
            credentials == nil || credentials?.server != nil, "a server needs its own certificate")
        self.host = host
        self.port = port
        self.peerName = peerName
        self.credentials = credentials
    }
}
