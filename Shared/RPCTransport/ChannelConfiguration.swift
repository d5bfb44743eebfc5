package import RPC

/// How a channel introduces itself, and what it waits for.
public struct ChannelConfiguration: Sendable {
    /// "service/instance@version".
    public var peerName: String
    /// Nil: plaintext, which no service speaks; for tests and benchmarks.
    public var tls: ClientTLS?
    /// For calls whose options name no time: connecting, queueing and answering together.
    public var defaultTimeout = Duration.seconds(10)
    /// For one attempt to connect, finding the host's addresses included.
    public var connectTimeout = Duration.seconds(5)
    /// The longest pause after the first failed attempt. It doubles with each further one; the real
    /// pause is a random part of it, at least half.
    public var firstReconnectPause = Duration.milliseconds(50)
    /// The longest pause between attempts to connect.
    public var longestReconnectPause = Duration.seconds(2)
    /// How many calls may wait for a connection or for the server's limit of calls at once; further ones are refused.
    public var mostWaitingCalls = 4096
    /// What the connection puts up with.
    package var limits = ConnectionLimits()

    public init(peerName: String, tls: ClientTLS? = nil) {
        self.peerName = peerName
        self.tls = tls
    }
}

/// How a channel proves itself, and whom it means to reach.
public struct ClientTLS: Sendable {
    public var credentials: TLSCredentials
    /// "quota-service"; another service's certificate ends the attempt, whatever the address.
    public var serviceName: String

    public init(credentials: TLSCredentials, serviceName: String) {
        self.credentials = credentials
        self.serviceName = serviceName
    }
}
