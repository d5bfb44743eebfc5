import MessageCoding
import Messages
import NIOCore
import NIOPosix
import RPC
import Synchronization
import Testing

@testable import RPCTransport

@Suite("Peers that are slow, half gone or deaf", .serialized, .timeLimit(.minutes(1)))
struct HostilePeerTests {
    private let method = RPCMethod("test.v1.Test/Work")

    @Test("A Hello that trickles in has no more time than one that does not come")
    func slowHandshake() async throws {
        let configuration = configuration { $0.limits.handshake = .milliseconds(100) }
        try await withServer(routes(), configuration) { port in
            try await withRawPeer(port) { peer in
                // The beginning of one of 16 KiB, so that no timer comes too late for it.
                async let trickle: Void = peer.trickle(
                    [0, 0, 0x40, 0] + [UInt8](repeating: 0x0A, count: 2000),
                    pause: .milliseconds(20))
                let goaway = try await peer.goaway()
                #expect(goaway?.message.contains("no Hello") == true)
                await trickle
            }
        }
    }

    @Test("Frames that trickle in hold neither the connection nor the others")
    func slowFrames() async throws {
        let configuration = configuration { $0.limits.idle = .seconds(2) }
        try await withServer(routes(), configuration) { port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await withTinyPeer(port) { peer in
                            try await peer.send(hello)
                            // The beginning of a frame of 4 MiB.
                            async let trickle: Void = peer.trickle(
                                [0, 0x40, 0, 0] + [UInt8](repeating: 0x0A, count: 2000),
                                pause: .milliseconds(20))
                            // On a busy machine the reset of the connection may overtake it.
                            if let goaway = try? await peer.goaway() {
                                #expect(goaway.message.contains("no call for"))
                            }
                            await trickle
                        }
                    }
                }
                try await withChannel(port) { channel in
                    for number in 0..<50 {
                        let reply = try await channel.call(echo, "\(number)")
                        #expect(reply.title == "\(number)")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("A frame whose rest does not come ends its connection, although calls run on it")
    func unfinishedFrame() async throws {
        let began = Signal()
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) -> Tasks.News in
                began.raise()
                try await Task.sleep(for: .seconds(3600))
                return Tasks.News()
            }
        }
        let configuration = configuration { $0.limits.frame = .milliseconds(200) }
        try await withServer(routes, configuration) { port in
            try await withRawPeer(port) { peer in
                try await peer.send(
                    hello, Wire.Envelope(id: 1, body: .request(Wire.Request(methodID: method.id))))
                try await began.wait()
                try await peer.send([0, 0x40, 0, 0, 0x0A])
                let goaway = try await peer.goaway()
                #expect(goaway?.message.contains("did not come whole") == true)
            }
        }
    }

    @Test("Peers without a certificate leave room for those that have one")
    func strangers() async throws {
        let configuration = configuration { $0.maxConnections = 8 }
        try await withServer(routes(), configuration) { port in
            let (taken, leave) = ((0..<7).map { _ in Signal() }, Signal())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for signal in taken {
                    group.addTask {
                        try await withChannel(port) { channel in
                            _ = try await channel.call(echo, "1")
                            signal.raise()
                            try await leave.wait()
                        }
                    }
                }
                for signal in taken { try await signal.wait() }
                try await withRawPeer(port) { peer in
                    try await peer.send(hello)
                    let goaway = try await peer.goaway()
                    #expect(goaway?.code == RPCCode.resourceExhausted.rawValue)
                }
                leave.raise()
                try await group.waitForAll()
            }
        }
    }

    @Test("A client that is gone, wholly or half, ends its handlers", arguments: [false, true])
    func goneClient(isHalf: Bool) async throws {
        let (began, cancelled) = (Signal(), Signal())
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) -> Tasks.News in
                began.raise()
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    cancelled.raise()
                }
                return Tasks.News()
            }
        }
        try await withServer(routes) { port in
            try await withTinyPeer(port) { peer in
                try await peer.send(
                    hello, Wire.Envelope(id: 1, body: .request(Wire.Request(methodID: method.id))))
                try await began.wait()
                guard isHalf else { return }
                peer.outbound.finish()
                try await cancelled.wait()
            }
            try await cancelled.wait()
        }
    }

    @Test("A server that accepts and says nothing holds nobody")
    func silentServer() async throws {
        try await withRawServer({ _ in }) { port in
            try await withChannel(port) {
                $0.limits.handshake = .milliseconds(100)
            } _: { channel in
                let error = await failure {
                    try await channel.call(method, timeout: .seconds(20))
                }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains("no Hello") == true)
            }
        }
    }

    @Test("A server that greets and then is silent: the call's time ends it")
    func vanishedServer() async throws {
        let greeting = try framed(hello)
        try await withRawServer({ channel in
            channel.writeAndFlush(ByteBuffer(bytes: greeting), promise: nil)
        }) { port in
            try await withChannel(port) { channel in
                for _ in 0..<3 {
                    let error = await failure {
                        try await channel.call(method, timeout: .milliseconds(100))
                    }
                    #expect(error?.code == .deadlineExceeded)
                }
            }
        }
    }

    @Test("A reader that never reads: few replies are made for it, then it is left")
    func deafReader() async throws {
        let made = Mutex(0)
        let text = String(repeating: "x", count: 100_000)
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) in
                made.withLock { $0 += 1 }
                return Tasks.News(title: text)
            }
        }
        let configuration = configuration {
            $0.limits.outboundBytes = 256 << 10
            $0.limits.outboundStall = .milliseconds(200)
        }
        try await withServer(routes, configuration) { port in
            try await withTinyPeer(port) { peer in
                try await peer.send(hello)
                let burst = try (0..<1000).flatMap { number in
                    try framed(
                        Wire.Envelope(
                            id: UInt64(2 * number + 1),
                            body: .request(Wire.Request(methodID: method.id))))
                }
                try await peer.send(burst)
                // Its side of the connection is reset, which only writing shows to who does not read.
                let window = try framed(Wire.Envelope(body: .window(Wire.Window())))
                let isClosed = try await peer.flood(3_000_000) { _ in
                    window
                }
                #expect(isClosed)
            }
        }
        // What the system's own buffers take is some megabytes; a thousand replies are a hundred.
        #expect(made.withLock { $0 } < 200)
    }

    @Test("What waits for a slow reader is bounded, however large the replies that were begun")
    func largeReplies() async throws {
        let go = Signal()
        let text = String(repeating: "x", count: 1 << 20)
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) in
                try await go.wait()
                return Tasks.News(title: text)
            }
        }
        let configuration = configuration {
            $0.limits.outboundBytes = 256 << 10
            $0.limits.mostWaitingBytes = 8 << 20
        }
        let count = 100
        try await withServer(routes, configuration) { port in
            try await withTinyPeer(port) { peer in
                try await peer.send(hello)
                for number in 0..<count {
                    try await peer.send(
                        Wire.Envelope(
                            id: UInt64(2 * number + 1),
                            body: .request(Wire.Request(methodID: method.id))))
                }
                // All of them run before the first is answered.
                try await peer.send(Wire.Envelope(body: .ping(Wire.Ping(nonce: 1))))
                var answers: [UInt32: Int] = [:]
                try await peer.eachEnvelope { envelope in
                    if case .ping = envelope.body { go.raise() }
                    guard case .response(let response) = envelope.body else { return true }
                    answers[response.code, default: 0] += 1
                    if response.code == 8 {
                        // It ran, and the method is no read.
                        #expect(response.retry == .unknown)
                    }
                    return answers.values.reduce(0, +) < count
                }
                #expect(answers.keys.sorted() == [0, 8])
                // Eight wait at most; the system's buffers and the peer take some more meanwhile.
                #expect(answers[0, default: 0] < count / 2)
            }
        }
    }

    @Test("Who writes everything before reading anything gets one answer to each call")
    func writesFirst() async throws {
        let configuration = configuration { $0.limits.outboundBytes = 64 << 10 }
        let count = 80
        let text = String(repeating: "慢", count: 40_000)
        try await withServer(routes(), configuration) { port in
            try await withTinyPeer(port) { peer in
                try await peer.send(hello)
                for number in 0..<count {
                    try await peer.send(echoRequest(UInt64(2 * number + 1), text))
                }
                var codes: [UInt64: UInt32] = [:]
                try await peer.eachEnvelope { envelope in
                    guard case .response(let response) = envelope.body else { return true }
                    #expect(codes.updateValue(response.code, forKey: envelope.id) == nil)
                    #expect([0, 8].contains(response.code))
                    return codes.count < count
                }
                let ids: [UInt64] = (0..<count).map { UInt64(2 * $0 + 1) }
                #expect(codes.keys.sorted() == ids)
                #expect(codes.values.contains(0))
            }
        }
    }
}
