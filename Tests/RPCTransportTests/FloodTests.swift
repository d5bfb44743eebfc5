import MessageCoding
import Messages
import RPC
import Testing

@testable import RPCTransport

@Suite("Floods", .serialized, .timeLimit(.minutes(1)))
struct FloodTests {
    @Test("Frames that say nothing new are passed over, however many")
    func harmless() async throws {
        let frames = [
            try framed(Wire.Envelope(body: .window(Wire.Window(bytes: 7, maxCalls: 5)))),
            try framed(Wire.Envelope(body: .goaway(Wire.Goaway(message: "again")))),
            // Body 16 of a later version, for the connection.
            [0, 0, 0, 3, 0x82, 0x01, 0x00],
        ]
        try await withServer { port in
            try await withRawPeer(port) { peer in
                try await peer.send(hello)
                for frame in frames {
                    try await peer.send([[UInt8]](repeating: frame, count: 20_000).flatMap { $0 })
                }
                try await peer.send(echoRequest(1, "still"))
                try await peer.eachEnvelope { envelope in
                    if case .hello = envelope.body { return true }
                    guard case .response(let response) = envelope.body else {
                        Issue.record("\(envelope)")
                        return false
                    }
                    let news = try Tasks.News(decoding: response.payload)
                    #expect(news.title == "still")
                    return false
                }
            }
        }
    }

    @Test("Four megabytes of unknown fields in one frame end the connection")
    func unknownFields() async throws {
        try await withServer { port in
            try await withRawPeer(port) { peer in
                try await peer.send(hello)
                // Field 100, a number: three bytes each.
                let fields = [[UInt8]](repeating: [0xA0, 0x06, 1], count: 1 << 20).flatMap { $0 }
                let length = withUnsafeBytes(of: UInt32(fields.count).bigEndian) { [UInt8]($0) }
                async let sent: Void = peer.send(length + fields)
                let goaway = try await peer.goaway()
                #expect(goaway?.message.contains("more than 1024 fields") == true)
                try await sent
            }
        }
    }

    @Test(
        "Calls that are refused, from a peer that does not read, end its connection",
        arguments: [false, true])
    func refusals(isUnknownBody: Bool) async throws {
        let configuration = configuration {
            $0.limits.outboundBytes = 32 << 10
            // Not the time but the number of refusals ends it.
            $0.limits.outboundStall = .seconds(3600)
        }
        try await withServer(routes(), configuration) { port in
            try await withTinyPeer(port) { peer in
                try await peer.send(hello)
                let isClosed = try await peer.flood(4000) { part in
                    try (0..<100).flatMap { number in
                        let id = UInt64(2 * (part * 100 + number) + 1)
                        return try framed(
                            isUnknownBody
                                ? Wire.Envelope(id: id, body: .window(Wire.Window()))
                                : Wire.Envelope(id: id, body: .request(Wire.Request())))
                    }
                }
                #expect(isClosed)
            }
        }
    }
}
