import Foundation
import MessageCoding
import Messages
import RPC
import Testing

@testable import RPCTransport

/// Peers that send without end what costs them nothing: it must cost the server nothing either.
@Suite("Floods and memory", .serialized, .timeLimit(.minutes(2)))
struct FloodMemoryTests {
    enum Flood: String, CaseIterable, CustomTestStringConvertible {
        case cancel, ping, hello, window, unknownFields, unknownBodies

        var testDescription: String { rawValue }

        /// One part of the flood, sent again and again.
        func part(_ number: Int) throws -> [UInt8] {
            switch self {
            case .cancel:
                // Of a call that has ended.
                return try repeated(100, Wire.Envelope(id: 1, body: .cancel(Wire.Cancel(code: 1))))
            case .ping:
                return try repeated(100, Wire.Envelope(body: .ping(Wire.Ping(nonce: 7))))
            case .hello: return try repeated(100, helloEnvelope)
            case .window:
                return try repeated(
                    1_000, Wire.Envelope(body: .window(Wire.Window(bytes: 9, maxCalls: 3))))
            case .unknownFields:
                // Field 100, a number: three bytes each, as many as an envelope may have.
                let fields = [[UInt8]](repeating: [0xA0, 0x06, 1], count: 1_000).flatMap { $0 }
                let frame = try Wire.Envelope(body: .ping(Wire.Ping(ack: true))).encodedBytes()
                return length(frame + fields) + frame + fields
            case .unknownBodies:
                return (0..<1_000).flatMap { _ in [0, 0, 0, 3, 0x82, 0x01, 0x00] as [UInt8] }
            }
        }

        /// Whether the server lets it go on.
        var isHarmless: Bool {
            switch self {
            case .cancel, .ping, .hello: false
            case .window, .unknownFields, .unknownBodies: true
            }
        }

        private func repeated(_ count: Int, _ envelope: Wire.Envelope) throws -> [UInt8] {
            let frame = try framed(envelope)
            return (0..<count).flatMap { _ in frame }
        }
    }

    @Test("A flood ends its connection, or passes without a trace", arguments: Flood.allCases)
    func flood(_ flood: Flood) async throws {
        try await withServer { port in
            // What the first connections need once is not the flood's.
            for _ in 0..<2 { try await attack(port, with: flood, parts: 20) }
            let before = try residentBytes()
            for _ in 0..<(flood.isHarmless ? 1 : 40) {
                try await attack(port, with: flood, parts: flood.isHarmless ? 200 : 50)
            }
            let grown = try residentBytes() - before
            // Other tests run beside this one; a flood that is kept would be many times this.
            #expect(grown < 128 << 20, "\(grown >> 20) MiB more")
        }
    }

    private func attack(_ port: Int, with flood: Flood, parts: Int) async throws {
        try await withTinyPeer(port) { peer in
            try await peer.send(hello, echoRequest(1))
            async let isClosed = peer.flood(parts) { try flood.part($0) }
            guard flood.isHarmless else {
                // The GOAWAY itself may be lost: the server resets a peer that goes on sending.
                try? await peer.eachEnvelope { _ in true }
                _ = try await isClosed
                return
            }
            #expect(try await !isClosed)
            try await peer.send(echoRequest(3, "still"))
            var isAnswered = false
            try await peer.eachEnvelope { envelope in
                isAnswered = envelope.id == 3
                return !isAnswered
            }
            #expect(isAnswered)
        }
    }

    /// Of this process, as the kernel counts.
    private func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        let digits = line.filter(\.isNumber)
        return try #require(Int(digits)) * 1024
    }
}

/// By another name where a case is called `hello`.
private let helloEnvelope = hello

/// The four bytes before a frame.
private func length(_ frame: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(frame.count).bigEndian) { [UInt8]($0) }
}
