import MessageCoding
import Testing

@testable import Messages

@Suite("The arena")
struct ArenaTests {
    @Test("Memory is aligned, writable, and no two pieces overlap", arguments: [16, 64, 4096])
    func pieces(blockSize: Int) throws {
        var arena = Arena(blockSize: blockSize, budget: 8 << 20)
        var source = RandomSource(seed: UInt64(blockSize))
        var pieces: [UnsafeMutableRawBufferPointer] = []
        for index in 0..<2000 {
            let count = source.index(below: index % 100 == 0 ? 20_000 : 100)
            let memory = arena.allocate(count)
            let start = try #require(memory)
            #expect(UInt(bitPattern: start) % 16 == 0)
            let piece = UnsafeMutableRawBufferPointer(start: start, count: count)
            piece.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: index))
            pieces.append(piece)
        }
        for (index, piece) in pieces.enumerated() {
            #expect(piece.allSatisfy { $0 == UInt8(truncatingIfNeeded: index) })
        }
    }

    @Test("The budget counts what alignment takes, and is not exceeded")
    func budget() {
        var arena = Arena(blockSize: 64, budget: 160)
        for _ in 0..<10 {
            let memory = arena.allocate(1)
            #expect(memory != nil)
        }
        var isExhausted = arena.isExhausted
        #expect(!isExhausted)
        let more = arena.allocate(1)
        #expect(more == nil)
        isExhausted = arena.isExhausted
        #expect(isExhausted)
    }

    @Test("Sizes of foreign bytes do not overflow", arguments: [Int.max, Int.max - 7, -1, 1 << 62])
    func absurdSizes(byteCount: Int) {
        var arena = Arena(blockSize: 64, budget: 1 << 20)
        let refused = arena.allocate(byteCount)
        #expect(refused == nil)
        let given = arena.allocate(16)
        #expect(given != nil)
    }

    @Test("The budget of a message is bounded")
    func decodingBudget() {
        #expect(DecodingBudget.bytes(for: 0) == DecodingBudget.always)
        #expect(DecodingBudget.bytes(for: mostMessageBytes) == DecodingBudget.most)
    }

    @Test("2 GiB - 1 is a message's largest size")
    func largestMessage() throws {
        try checkSize(mostMessageBytes, "test.v1.Any")
        let fault = #expect(throws: MessageFault.self) {
            try checkSize(mostMessageBytes + 1, "test.v1.Any")
        }
        #expect(fault?.kind == .tooLarge)
    }
}
