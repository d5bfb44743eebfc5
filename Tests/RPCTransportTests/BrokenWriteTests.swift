import MessageCoding
import Messages
import NIOCore
import NIOPosix
import RPC
import Testing

@testable import RPCTransport

@Suite("A write that breaks the connection", .timeLimit(.minutes(1)))
struct BrokenWriteTests {
    /// A connection whose first write fails: it ends the stream before it returns.
    private final class BreakingCarrier: StreamCarrier {
        func sendData(
            _ message: any Message, of port: StreamPort
        ) throws(RPCError) -> SendOutlook {
            port.end(.cancelledHere)
            return .open
        }

        func sendEnd(of port: StreamPort) {}
        func consumed(_ byteCount: Int, of port: StreamPort) {}
    }

    @Test("ends its streams without a trap: what was written counts as sent, the rest is told")
    func endsWithin() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let port = StreamPort(executor: .of(eventLoop), window: 1 << 20)
        async let first = outcome(of: port)
        async let second = outcome(of: port)
        try await eventLoop.submit { port.attach(to: BreakingCarrier(), slot: 0, id: 1) }.get()
        let outcomes = await [first, second]
        #expect(outcomes.filter { $0 == nil }.count == 1)
        #expect(outcomes.compactMap { $0?.code }.allSatisfy { $0 == .cancelled })
    }

    private func outcome(of port: StreamPort) async -> RPCError? {
        do throws(RPCError) {
            try await port.send(Tasks.News(title: "1"))
            return nil
        } catch {
            return error
        }
    }
}
