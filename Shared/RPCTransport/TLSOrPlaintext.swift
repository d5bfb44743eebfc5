import NIOCore

/// Looks at the first byte of a connection: a TLS handshake begins with 0x16, a frame with a length's 0x00. Sets TLS
/// up for the one, leaves the other as it is, and is gone.
final class TLSOrPlaintext: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private static let handshakeRecord: UInt8 = 0x16

    private let setUpTLS: (ChannelPipeline.SynchronousOperations.Position) throws -> Void

    /// - Parameter setUpTLS: puts the TLS handlers at a place of the pipeline; called at most once.
    init(setUpTLS: @escaping (ChannelPipeline.SynchronousOperations.Position) throws -> Void) {
        self.setUpTLS = setUpTLS
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        guard let first = bytes.readableBytesView.first else { return }
        do {
            if first == Self.handshakeRecord { try setUpTLS(.after(self)) }
        } catch {
            context.fireErrorCaught(error)
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
