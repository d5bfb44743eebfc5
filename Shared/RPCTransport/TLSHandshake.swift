import NIOCore
import NIOSSL
import NIOTLS
import SwiftASN1
import X509

/// What a certificate says.
enum PeerCertificate {
    /// Its one DNS name; nil when there is none or more than one, so that nobody has two names.
    static func name(_ certificate: NIOSSLCertificate) -> String? {
        guard let bytes = try? certificate.toDERBytes(),
            let parsed = try? Certificate(derEncoded: bytes),
            let names = try? parsed.extensions.subjectAlternativeNames, names.count == 1,
            case .dnsName(let name)? = names.first, !name.isEmpty, name.utf8.count <= 64
        else { return nil }
        return name
    }

    /// Whether the authority signed the certificate.
    static func has(_ authority: NIOSSLCertificate, signed certificate: NIOSSLCertificate) -> Bool {
        guard let signer = try? Certificate(derEncoded: authority.toDERBytes()),
            let signed = try? Certificate(derEncoded: certificate.toDERBytes())
        else { return false }
        return signer.publicKey.isValidSignature(signed.signature, for: signed)
    }
}

/// Waits behind the TLS handler for the end of the handshake, tells it once, and then lets everything pass.
final class TLSHandshake: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    /// What the handshake proved.
    enum Outcome {
        /// The peer's certificate names this service; nil: it showed none.
        case done(peer: String?)
        case failed(any Error)
    }

    private let tls: NIOSSLHandler
    private var finished: ((Outcome) -> Void)?
    private var isRefused = false

    /// - Parameter finished: called on the event loop, before anything that the peer sent is passed on.
    init(behind tls: NIOSSLHandler, finished: @escaping (Outcome) -> Void) {
        self.tls = tls
        self.finished = finished
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let spoken)? = event as? TLSUserEvent {
            guard spoken == TLSCredentials.applicationProtocol else {
                return fail(
                    context,
                    TransportError(
                        "it does not speak \(TLSCredentials.applicationProtocol) inside of TLS"))
            }
            guard let certificate = tls.peerCertificate else {
                finish(.done(peer: nil))
                return
            }
            guard let name = PeerCertificate.name(certificate) else {
                return fail(
                    context,
                    TransportError("its certificate does not name exactly one service"))
            }
            finish(.done(peer: name))
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What a refused peer sent behind its handshake may be decrypted before the close takes effect.
        guard !isRefused else { return }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard finished != nil else { return context.fireErrorCaught(error) }
        fail(context, error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failed(TransportError("the other side closed it during the TLS handshake")))
        context.fireChannelInactive()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Before the handshake's end nothing can be sent: there is no last word to wait for.
        context.close(mode: finished == nil ? mode : .all, promise: promise)
    }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        isRefused = true
        finish(.failed(error))
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    private func finish(_ outcome: Outcome) {
        guard let finished else { return }
        self.finished = nil
        finished(outcome)
    }
}
