import MessageCoding
import Messages
import Testing

@Suite("Values survive packing")
struct RoundTripTests {
    @Test("Random values of every type are read as they were written", arguments: allMessages)
    func randomValues(type: any RandomMessage.Type) throws {
        for index in 0..<40 { try roundTrip(type, index) }
    }

    private func roundTrip<M: RandomMessage>(_ type: M.Type, _ index: Int) throws {
        var source = RandomSource(type, index)
        let value = M(random: &source)
        let bytes = try value.encodedBytes()
        let decoded = try M(decoding: bytes)
        #expect(decoded == value)
        // Strings that look the same are equal in Swift; their bytes are what was sent.
        #expect(try decoded.encodedBytes() == bytes)
        try packsInPlace(value, bytes)
    }

    /// Packs into lent memory that is larger than needed.
    private func packsInPlace(_ value: some Message, _ expected: [UInt8]) throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: expected.count + 16, alignment: 1)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0xA5)
        var asked: [Int] = []
        try value.encode { byteCount in
            asked.append(byteCount)
            return memory
        }
        #expect(asked == [expected.count])
        #expect(Array(memory) == expected + [UInt8](repeating: 0xA5, count: 16))
    }

    @Test(
        "The default value is no bytes, and no bytes are the default value", arguments: allMessages)
    func defaults(type: any RandomMessage.Type) throws {
        func check<M: Message>(_ type: M.Type) throws {
            #expect(try M().encodedBytes() == [])
            #expect(try M(decoding: []) == M())
        }
        try check(type)
    }

    @Test("Less memory than asked for is refused")
    func tooLittleMemory() throws {
        let value = Common.ClaimHolder(officerID: "abc")
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
        defer { memory.deallocate() }
        let fault = #expect(throws: MessageFault.self) { try value.encode { _ in memory } }
        #expect(fault?.kind == .tooLarge)
    }

    @Test("What `reserve` throws arrives")
    func reserveThrows() {
        let refusal = MessageFault(.tooLarge, "the frame is full")
        #expect(throws: refusal) {
            try Common.ClaimHolder().encode { _ throws(MessageFault) in throw refusal }
        }
    }

    @Test("A string keeps its NUL bytes")
    func nul() throws {
        let value = Common.ClaimHolder(officerID: "a\0b", officerName: "\0")
        #expect(try value.encodedBytes() == [0x0A, 3, 0x61, 0, 0x62, 0x12, 1, 0])
        #expect(try Common.ClaimHolder(decoding: value.encodedBytes()) == value)
    }

    @Test("Unknown numbers of an enum are kept", arguments: [99, -1, Int32.min, Int32.max])
    func unknownEnum(number: Int32) throws {
        let value = Common.VacancyFacts(level: Common.QuotaLevel(rawValue: number))
        #expect(value.level == .unrecognized(number))
        let decoded = try Common.VacancyFacts(decoding: value.encodedBytes())
        #expect(decoded.level == .unrecognized(number))
    }

    @Test("An unknown number that the schema names later is the named value")
    func namedEnum() {
        #expect(Common.Outcome.unrecognized(1) == .approved)
        #expect(Common.Outcome.unrecognized(1).hashValue == Common.Outcome.approved.hashValue)
    }

    @Test("An optional field tells absence from the default", arguments: [nil, false, true])
    func presence(occupiesPost: Bool?) throws {
        var value = Declaration.SaveRecommendationRequest()
        value.occupiesPost = occupiesPost
        let bytes = try value.encodedBytes()
        #expect(bytes.isEmpty == (occupiesPost == nil))
        #expect(
            try Declaration.SaveRecommendationRequest(decoding: bytes).occupiesPost == occupiesPost)
    }
}
