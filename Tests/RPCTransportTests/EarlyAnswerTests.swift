import Dispatch
import Messages
import NIOCore
import NIOPosix
import RPC
import Synchronization
import Testing

@testable import RPCTransport

@Suite("The answers of one turn of the event loop", .timeLimit(.minutes(1)))
struct EarlyAnswerTests {
    private let work = RPCMethod("test.v1.Test/Work", readOnly: true)

    @Test("The first leave while a later call of the same turn still runs")
    func early() async throws {
        let isAnswered = DispatchSemaphore(value: 0)
        let outcome = Mutex<DispatchTimeoutResult?>(nil)
        let routes = routes { [work] routes in
            routes.unary(work) { (news: Tasks.News, _) in
                switch news.title {
                case "busy": keepBusy(for: .milliseconds(1))
                // The event loop stands still until the other side has read the first answer.
                case "waits": outcome.withLock { $0 = isAnswered.wait(timeout: .now() + 20) }
                default: break
                }
                return news
            }
        }
        try await withServer(routes) { port in
            let requests = try ["quick", "busy", "waits"].enumerated().map { index, title in
                try framed(request(UInt64(2 * index + 1), title))
            }
            try await withPeerOfItsOwnThread(port) { peer in
                try await peer.send(try framed(hello) + requests.joined())
                try await peer.eachEnvelope { envelope in
                    guard case .response = envelope.body else { return true }
                    if envelope.id == 1 { isAnswered.signal() }
                    return envelope.id < 5
                }
            }
        }
        #expect(outcome.withLock { $0 } == .success)
    }

    private func request(_ id: UInt64, _ title: String) throws -> Wire.Envelope {
        Wire.Envelope(
            id: id,
            body: .request(
                Wire.Request(
                    method: work.name, payload: try Tasks.News(title: title).encodedBytes())))
    }

    /// On none of the event loops that servers use: one of them stands still.
    private func withPeerOfItsOwnThread(
        _ port: Int, _ body: @Sendable (RawPeer) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ClientBootstrap(group: group)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await body(RawPeer(inbound: inbound, outbound: outbound))
        }
        try await group.shutdownGracefully()
    }
}

private func keepBusy(for time: Duration) {
    let end = ContinuousClock.now + time
    while .now < end {}
}
