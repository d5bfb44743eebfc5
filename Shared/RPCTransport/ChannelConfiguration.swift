package import RPC

/// How a channel introduces itself, and what it waits for.
public struct ChannelConfiguration: Sendable {
    /// "service/instance@version".
    public var peerName: String
    /// Proves that this process is the service that `peerName` names; nil for users' clients.
    public var serviceKey: ServiceKey?
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

    public init(peerName: String, serviceKey: ServiceKey? = nil) {
        self.peerName = peerName
        self.serviceKey = serviceKey
    }
}
