import NIOCore
import RPC

/// Set on every connection, on both sides.
enum SocketOptions {
    /// Both buffers of a socket, where the limits say how large they are.
    static func setBuffers(_ limits: ConnectionLimits, of channel: any Channel) throws {
        guard let bytes = limits.socketBufferBytes else { return }
        let options = channel.syncOptions
        try options?.setOption(.socketOption(.so_sndbuf), value: SocketOptionValue(bytes))
        try options?.setOption(.socketOption(.so_rcvbuf), value: SocketOptionValue(bytes))
    }

    /// Small frames go out at once: batching is done by turns of the event loop.
    static let noDelay = ChannelOptions.tcpOption(.tcp_nodelay)
    /// Bytes that a vanished machine does not acknowledge for so many milliseconds end the connection.
    static let userTimeout = ChannelOptions.tcpOption(NIOBSDSocket.Option(rawValue: tcpUserTimeout))
    static let userTimeoutMilliseconds = 15_000
    /// Finds connections whose other machine is gone while nothing is sent.
    static let keepAlive = ChannelOptions.socketOption(.so_keepalive)

    /// TCP_USER_TIMEOUT of Linux; NIO has no name for it.
    private static let tcpUserTimeout: CInt = 18
}
