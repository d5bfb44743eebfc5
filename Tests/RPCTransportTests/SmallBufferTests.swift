import Messages
import RPC
import Testing

@testable import RPCTransport

/// The reader must never wait for the writer: with buffers that hold next to nothing, two ends that both send much
/// would otherwise wait for each other for ever.
@Suite("Sockets with small buffers, both ends sending", .timeLimit(.minutes(2)))
struct SmallBufferTests {
    private static let bytes = 32 << 10

    private func withSmallBuffers(
        _ routes: RouteTable, _ body: @Sendable (TCPChannel) async throws -> Void
    ) async throws {
        let server = configuration { $0.limits.socketBufferBytes = Self.bytes }
        try await withServer(routes, server) { port in
            try await withChannel(port, { $0.limits.socketBufferBytes = Self.bytes }) {
                try await body($0)
            }
        }
    }

    @Test("Many large calls at once, all answered as large")
    func calls() async throws {
        let text = String(repeating: "x", count: 100_000)
        try await withSmallBuffers(routes()) { channel in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        let reply = try await channel.call(echo, text)
                        #expect(reply.title == text)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("Streams that send both ways at once, each without waiting for the other")
    func streams() async throws {
        let method = RPCMethod("test.v1.Test/Both", kind: .bidirectional)
        let text = String(repeating: "x", count: 50_000)
        let table = routes { routes in
            routes.bidirectional(method) {
                (requests: RequestStream<Tasks.News>, replies: ReplyWriter<Tasks.News>, _) in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for _ in 0..<10 { try await replies.send(Tasks.News(title: text)) }
                    }
                    var count = 0
                    for try await _ in requests { count += 1 }
                    #expect(count == 10)
                    try await group.waitForAll()
                }
            }
        }
        try await withSmallBuffers(table) { channel in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await channel.bidirectional(method, options: CallOptions()) {
                            (
                                requests: RequestWriter<Tasks.News>,
                                replies: ReplyStream<Tasks.News>
                            ) in
                            for _ in 0..<10 { try await requests.send(Tasks.News(title: text)) }
                            requests.finish()
                            var count = 0
                            for try await _ in replies { count += 1 }
                            #expect(count == 10)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
