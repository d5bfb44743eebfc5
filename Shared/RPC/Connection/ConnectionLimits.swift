/// What one side of a connection puts up with (PROTOCOL.md). Byte counts are of the wire.
package struct ConnectionLimits: Sendable {
    /// The largest length of a frame.
    package var maxFrame = CallLimits.mostMessageBytes + 64 << 10
    /// The largest length of a frame before the other side's Hello is there; at most `maxFrame`.
    package var mostHelloBytes: Int { min(maxFrame, 64 << 10) }
    /// The largest payload.
    package var maxMessage = CallLimits.mostMessageBytes
    /// Calls that run at once for one connection; at most `mostCalls`.
    package var maxCalls = 256
    /// Bytes of Data that one call, and all together, may send before this side grants more.
    package var streamWindow = defaultStreamWindow
    package var connectionWindow = defaultConnectionWindow
    /// From the connection's start until the other side's Hello is there.
    package var handshake = Duration.seconds(5)
    /// From a frame's first byte to its last.
    package var frame = Duration.seconds(30)
    /// For calls that name no time.
    package var defaultTimeout = CallLimits.defaultTimeout
    /// A connection without a call is closed after this.
    package var idle = Duration.seconds(600)
    /// The same for a peer without a certificate: whoever it is, it is not to hold what others need.
    package var strangersIdle = Duration.seconds(120)
    /// Pings may come this often, and sixteen at a stroke.
    package var minPing = Duration.seconds(1)
    /// Cancels that may come at a stroke; the budget fills again at half of it a second.
    package var cancelBurst = 1024
    /// Bytes waiting to be sent, over which requests are refused.
    package var outboundBytes = 8 << 20
    /// Bytes waiting to be sent, over which a reply is thrown away and its caller only told so.
    package var mostWaitingBytes = 32 << 20
    /// How long the waiting bytes may stay over their limit before the connection is closed.
    package var outboundStall = Duration.seconds(10)
    /// The kernel's buffer for each direction of a socket; nil: what the kernel finds right.
    package var socketBufferBytes: Int?
    /// How long running calls may go on after a graceful shutdown began.
    package var grace = Duration.seconds(10)

    /// No Hello raises the calls at once above this.
    package static let mostCalls = 4096

    /// What a side that has not said Hello yet takes.
    package static let defaultStreamWindow = 256 << 10
    package static let defaultConnectionWindow = 4 << 20

    package init() {}
}
