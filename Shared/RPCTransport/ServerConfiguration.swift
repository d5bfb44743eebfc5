package import RPC

/// Where a server listens, and what it puts up with.
package struct ServerConfiguration: Sendable {
    package var host: String
    /// 0: any free port.
    package var port: Int
    /// "service/instance@version".
    package var peerName: String
    /// Who sends it is the service that it names; nil: every peer is anonymous.
    package var serviceKey: ServiceKey?
    /// Connections at once; further ones are told so and closed.
    package var maxConnections = 1024
    /// What each connection puts up with.
    package var limits = ConnectionLimits()

    package init(host: String, port: Int, peerName: String, serviceKey: ServiceKey?) {
        self.host = host
        self.port = port
        self.peerName = peerName
        self.serviceKey = serviceKey
    }

    /// Holds a Hello against the key.
    var authenticate: @Sendable (Frame.Hello) -> ServerConnectionState.Authentication {
        { [serviceKey] hello in
            switch hello.authScheme {
            case "": return .anonymous
            case ServiceKey.scheme:
                guard let serviceKey else { return .refused("this server knows no service key") }
                return serviceKey.matches(hello.auth)
                    ? .service : .refused("the service key is wrong")
            default: return .refused("the authentication scheme is not known here")
            }
        }
    }
}
