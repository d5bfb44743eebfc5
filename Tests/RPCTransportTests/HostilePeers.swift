import Messages
import NIOCore
import NIOPosix
import RPC
import Testing

@testable import RPCTransport

/// Connects like `withRawPeer`, with small buffers of the socket. (Tiny ones would make Linux wait
/// for its timers with each segment: loopback has segments of 64 KiB.)
func withTinyPeer(
    _ port: Int, _ body: @Sendable (RawPeer) async throws -> Void
) async throws {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.socketOption(.so_rcvbuf), value: 32 << 10)
        .channelOption(.socketOption(.so_sndbuf), value: 32 << 10)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    do {
        try await channel.executeThenClose { inbound, outbound in
            try await body(RawPeer(inbound: inbound, outbound: outbound))
        }
    } catch ChannelError.ioOnClosedChannel {
        // The server was the first to close.
    }
}

extension RawPeer {
    /// Sends one byte after the other, with pauses, until all are sent or the other side has closed.
    func trickle(_ bytes: [UInt8], pause: Duration) async {
        for byte in bytes {
            guard (try? await send([byte])) != nil, (try? await Task.sleep(for: pause)) != nil
            else { return }
        }
    }

    /// Sends the same bytes again and again until the other side has closed.
    /// - Returns: whether it has, before so many were sent.
    func flood(_ most: Int, _ bytes: (Int) throws -> [UInt8]) async throws -> Bool {
        for number in 0..<most {
            let bytes = try bytes(number)
            do { try await send(bytes) } catch { return true }
        }
        return false
    }

    /// The GOAWAY at the end of what the other side sent.
    func goaway() async throws -> Wire.Goaway? {
        guard case .goaway(let goaway) = try await envelopes().last?.body else { return nil }
        return goaway
    }
}

/// A server that does to each connection what the body says, and nothing by itself.
func withRawServer(
    _ onConnect: @escaping @Sendable (any Channel) -> Void,
    _ body: (_ port: Int) async throws -> Void
) async throws {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { onConnect(channel) }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    do {
        try await body(listener.localAddress?.port ?? 0)
        try await listener.close()
    } catch {
        try? await listener.close()
        throw error
    }
}
