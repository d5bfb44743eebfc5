import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import IdentityService

/// A provider's server on a free port of loopback, whose answers the test decides.
final class ScriptedServer: Sendable {
    struct Received: Sendable {
        var uri = ""
        var contentType = ""
        var authorization = ""
        var body = ""
    }

    /// What is answered; no text closes the connection without an answer.
    typealias Script = @Sendable (Received) -> (status: HTTPResponseStatus, text: String?)

    private let received: Log
    private let channel: any Channel

    init(_ script: @escaping Script) async throws {
        let log = Log()
        received = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler { received in
                            log.all.withLock { $0.append(received) }
                            return script(received)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var address: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var requests: [Received] { received.all.withLock { $0 } }
    var lastRequest: Received { requests.last ?? Received() }

    func close() async throws { try await channel.close() }

    private final class Log: Sendable {
        let all = Mutex<[Received]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        let script: Script
        var received = Received()

        init(script: @escaping Script) {
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                received.uri = head.uri
                received.contentType = head.headers["content-type"].first ?? ""
                received.authorization = head.headers["authorization"].first ?? ""
            case .body(let buffer): received.body += String(buffer: buffer)
            case .end:
                let (status, answer) = script(received)
                guard let answer else {
                    context.close(promise: nil)
                    return
                }
                let head = HTTPResponseHead(
                    version: .http1_1, status: status,
                    headers: ["content-length": "\(answer.utf8.count)"])
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}

extension LoginAttempt {
    static let test = LoginAttempt(
        redirect: "http://127.0.0.1:4000/callback", state: "ab12", nonce: "n-1",
        // RFC 7636, appendix B
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
}
