import Messages
import RPC
import Testing

@Suite("Every split, every truncation, any bytes")
struct HostileBytesTests {
    /// A stream with some of everything.
    private func stream() throws -> [[UInt8]] {
        [
            try helloFrame(),
            try requestFrame(1) { $0.metadata = [Wire.Pair(key: "session", value: [1, 2])] },
            try pingFrame(77),
            try requestFrame(3) {
                $0.method = ""
                $0.methodID = 9
                $0.trace = Array(1...25)
                $0.idempotencyKey = Array(1...16)
                $0.payload = []
            },
            try cancelFrame(1),
            try requestFrame(5) { $0.open = true },
            framed([0x08, 7, 0x82, 1, 0]),
            try requestFrame(200_001) { $0.payload = [UInt8](repeating: 5, count: 300) },
        ]
    }

    @Test("Every split gives the same result")
    func splits() throws {
        let bytes = try stream().flatMap { $0 }
        let whole = ServerEnd()
        whole.feed(bytes)
        #expect(whole.events.count == 7)
        for index in 0...bytes.count {
            let end = ServerEnd()
            end.feed(Array(bytes[..<index]))
            end.feed(Array(bytes[index...]))
            #expect(end.events == whole.events)
        }
        let trickle = ServerEnd()
        for byte in bytes { trickle.feed([byte]) }
        #expect(trickle.events == whole.events)
    }

    @Test("A truncated stream gives a beginning of the result, and closes nothing")
    func truncations() throws {
        let bytes = try stream().flatMap { $0 }
        let whole = ServerEnd()
        whole.feed(bytes)
        for index in 0..<bytes.count {
            let end = ServerEnd()
            end.feed(Array(bytes[..<index]))
            #expect(!end.isClosed)
            #expect(whole.events.starts(with: end.events))
        }
    }

    @Test("A truncated envelope in a frame of its own closes or is a smaller envelope; never more")
    func truncatedEnvelopes() throws {
        for frame in try stream() {
            let envelope = Array(frame.dropFirst(4))
            for count in 1..<envelope.count {
                let end = ServerEnd()
                end.feed(try helloFrame())
                end.feed(framed(Array(envelope[..<count])))
                #expect(end.events.count <= 2)
            }
        }
    }

    @Test("Mutated streams never crash, and never take more than their bounds", arguments: 0..<8)
    func mutations(_ seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let original = try stream().flatMap { $0 }
        for _ in 0..<1500 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                let index = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &numbers)
                case 1: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &numbers)
                case 2: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &numbers), at: index)
                }
            }
            let server = ServerEnd { $0.maxFrame = 2000 }
            server.feed(bytes)
            #expect(server.runningCalls <= 256)
            let client = ClientEnd { $0.maxFrame = 2000 }
            for _ in 0..<5 { _ = client.begin(deadline: Moment(nanoseconds: 1)) }
            client.feed(bytes)
            #expect(client.openCalls <= 5)
        }
    }

    @Test("Random bytes behind a Hello, as the answers to a client, too", arguments: 0..<4)
    func noise(_ seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<500 {
            let count = Int.random(in: 1...200, using: &numbers)
            let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            let server = ServerEnd()
            server.feed(try helloFrame())
            server.feed(framed(noise))
            #expect(server.events.count <= 2)
            let client = ClientEnd()
            client.feed(try helloFrame())
            client.feed(framed(noise))
            #expect(client.events.count <= 2)
        }
    }
}
