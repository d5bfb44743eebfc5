import MessageCoding
import Messages
import NIOCore
import RPC
import Testing

@testable import RPCTransport

@Suite("Connections: limits, malformed frames", .timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test("A malformed frame ends that connection, with the reason, and no other")
    func malformed() async throws {
        try await withServer { port in
            try await withChannel(port) { channel in
                _ = try await channel.call(echo)
                for bytes in [
                    [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], framedBytes([0xff, 0xff]),
                    try framed(echoRequest(2)), try framed(hello), [0x47, 0x45, 0x54, 0x20],
                ] as [[UInt8]] {
                    try await withRawPeer(port) { peer in
                        try await peer.send(hello)
                        try await peer.send(bytes)
                        let answers = try await peer.envelopes()
                        guard case .hello = answers.first?.body,
                            case .goaway(let goaway) = answers.last?.body
                        else {
                            Issue.record("\(answers)")
                            return
                        }
                        #expect(goaway.code != 0)
                        #expect(!goaway.message.isEmpty)
                    }
                }
                let reply = try await channel.call(echo, "unharmed")
                #expect(reply.title == "unharmed")
            }
        }
    }

    @Test(
        "A call goes over a connection of the event loop that it is made on, and no thread is woken for it"
    )
    func ofTheLoop() async throws {
        let load = ServerLoad()
        try await withServer(load: load) { port in
            try await withChannel(port) { channel in
                for _ in 0..<3 {
                    for executor in LoopExecutor.all.values {
                        let stayed = try await withTaskExecutorPreference(executor) {
                            () async throws -> Bool in
                            let began = executor.eventLoop.inEventLoop
                            _ = try await channel.call(echo)
                            return began && executor.eventLoop.inEventLoop
                        }
                        #expect(stayed)
                    }
                    _ = try await channel.call(echo)
                    #expect(load.reading.connections == LoopExecutor.all.count)
                }
                await channel.close()
                for executor in LoopExecutor.all.values {
                    let error = await withTaskExecutorPreference(executor) {
                        await failure { try await channel.call(echo) }
                    }
                    #expect(error?.code == .unavailable)
                }
            }
        }
    }

    @Test("Requests right behind the Hello, cut into single bytes")
    func singleBytes() async throws {
        try await withServer { port in
            try await withRawPeer(port) { peer in
                for byte in try framed(hello) + framed(echoRequest(1, "慢")) {
                    try await peer.send([byte])
                }
                try await peer.eachEnvelope { envelope in
                    guard case .response(let response) = envelope.body else { return true }
                    let news = try Tasks.News(decoding: response.payload)
                    #expect(news.title == "慢")
                    return false
                }
            }
        }
    }

    @Test("A Response tells the time spent; a ping is answered")
    func timesAndPings() async throws {
        let routes = routes {
            $0.unary(who) { (_: Tasks.News, _) in
                try await Task.sleep(for: .milliseconds(5))
                return Tasks.News()
            }
        }
        try await withServer(routes) { port in
            try await withRawPeer(port) { peer in
                try await peer.send(
                    hello, Wire.Envelope(body: .ping(Wire.Ping(nonce: 99))),
                    Wire.Envelope(id: 1, body: .request(Wire.Request(methodID: who.id))))
                // In either order.
                var (pongs, responses) = (0, 0)
                try await peer.eachEnvelope { envelope in
                    switch envelope.body {
                    case .ping(let ping):
                        pongs += 1
                        #expect(ping == Wire.Ping(ack: true, nonce: 99))
                    case .response(let response):
                        responses += 1
                        #expect(response.code == 0)
                        #expect(response.handlerUs >= 5_000)
                    default: break
                    }
                    return pongs + responses < 2
                }
                #expect(pongs == 1 && responses == 1)
            }
        }
    }

    @Test("Who does not say Hello in time is closed")
    func slowHandshake() async throws {
        let configuration = configuration { $0.limits.handshake = .milliseconds(50) }
        try await withServer(routes(), configuration) { port in
            try await withRawPeer(port) { peer in
                let answers = try await peer.envelopes()
                guard case .goaway(let goaway) = answers.first?.body else {
                    Issue.record("\(answers)")
                    return
                }
                #expect(goaway.message.contains("no Hello"))
            }
        }
    }

    @Test("Connections over the limit are told so; the others go on")
    func connectionLimit() async throws {
        let configuration = configuration { $0.maxConnections = 1 }
        try await withServer(routes(), configuration) { port in
            try await withChannel(port) { channel in
                _ = try await channel.call(echo)
                try await withRawPeer(port) { peer in
                    let answers = try await peer.envelopes()
                    guard case .goaway(let goaway) = answers.first?.body else {
                        Issue.record("\(answers)")
                        return
                    }
                    #expect(goaway.code == 8)
                }
                _ = try await channel.call(echo)
            }
        }
    }

    private func framedBytes(_ bytes: [UInt8]) -> [UInt8] { [0, 0, 0, UInt8(bytes.count)] + bytes }
}
