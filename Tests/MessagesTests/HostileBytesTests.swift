import MessageCoding
import Messages
import Testing

/// Foreign bytes are a value or a fault, never a crash. What libprotobuf-c would do with them by
/// itself is in the wire's PROTOCOL.md.
@Suite("Hostile bytes")
struct HostileBytesTests {
    @Test("Every truncation of every type", arguments: allMessages)
    func truncations(type: any RandomMessage.Type) throws {
        for index in 0..<3 {
            let bytes = try randomBytes(type, 2000 + index)
            for count in bytes.indices { try decode(Array(bytes[..<count]), as: type) }
        }
    }

    @Test("Single bytes changed, added, taken away", arguments: allMessages)
    func mutations(type: any RandomMessage.Type) throws {
        for index in 0..<5 {
            let bytes = try randomBytes(type, 3000 + index)
            guard !bytes.isEmpty else { continue }
            var source = RandomSource(seed: UInt64(index))
            for _ in 0..<200 {
                var mutated = bytes
                let place = source.index(below: bytes.count)
                let byte = UInt8(truncatingIfNeeded: source.next())
                switch source.index(below: 4) {
                case 0: mutated.insert(byte, at: place)
                case 1: mutated.remove(at: place)
                case 2: mutated[place] ^= 1 << (byte & 7)
                default: mutated[place] = byte
                }
                try decode(mutated, as: type)
            }
        }
    }

    /// Merging is where libprotobuf-c is not exact: of a submessage that comes twice, numbers of the
    /// first are lost. No encoder writes such messages, so that they do no harm is enough.
    @Test("Two messages in a row, which merge", arguments: allMessages)
    func merges(type: any RandomMessage.Type) throws {
        for index in 0..<20 {
            let first = try randomBytes(type, 4000 + index)
            let second = try randomBytes(type, 5000 + index)
            try decode(first + second, as: type)
        }
    }

    @Test("Noise", arguments: allMessages)
    func noise(type: any RandomMessage.Type) throws {
        for index in 0..<100 {
            var source = RandomSource(type, 6000 + index)
            try decode(source.bytes() + source.bytes(), as: type)
        }
    }

    @Test(
        "Strings that are no UTF-8 are refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE8, 0x81],
            [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(text: [UInt8]) {
        let bytes = [0x0A, UInt8(text.count)] + text
        expect(.invalidUTF8) { try Common.ClaimHolder(decoding: bytes) }
        // The same in a list, in a message within a message.
        let nested = [0x0A, UInt8(bytes.count)] + bytes
        expect(.invalidUTF8) { try Common.FieldViolations(decoding: nested) }
    }

    @Test(
        "What is no protobuf is refused",
        arguments: [
            [0x0A], [0x0A, 0x05, 0x61], [0x08], [0x00], [0x0B], [0x0C], [0x0F],
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        expect(.malformed) { try Common.ClaimHolder(decoding: bytes) }
    }

    @Test("A fault names the type and holds no value")
    func faultText() {
        let fault = #expect(throws: MessageFault.self) {
            try Common.ClaimHolder(decoding: [0x0A, 0x05] + Array("secr".utf8))
        }
        #expect(fault?.message == "6 bytes are no common.v1.ClaimHolder")
    }

    @Test("Some unknown fields are dropped")
    func unknownFields() throws {
        let unknown = repeated([0x98, 0x06, 0x01], toAtLeast: 3000)
        let known = try Common.ClaimHolder(officerID: "a").encodedBytes()
        #expect(try Common.ClaimHolder(decoding: unknown + known + unknown).officerID == "a")
    }

    @Test(
        "4 MiB of what takes much memory are refused",
        arguments: [
            // Unknown fields: a number, an empty string, a fixed number.
            [0x98, 0x06, 0x01], [0x9A, 0x06, 0x00], [0x9D, 0x06, 1, 2, 3, 4],
            // Known: an empty message in a list.
            [0x0A, 0x00],
        ] as [[UInt8]])
    func overBudget(field: [UInt8]) {
        let bytes = repeated(field, toAtLeast: 4 << 20)
        expect(.overBudget) { try Common.FieldViolations(decoding: bytes) }
    }

    @Test("4 MiB of content are read")
    func largeContent() throws {
        let upload = Common.FileUpload(content: [UInt8](repeating: 0x5A, count: 4 << 20))
        #expect(try Common.FileUpload(decoding: upload.encodedBytes()) == upload)
    }

    @Test("The longest list with everything at its default is read")
    func emptyRows() throws {
        let page = Declaration.ListDeclarationsReply(
            rows: [Declaration.DeclarationRow](repeating: .init(), count: 200))
        #expect(try Declaration.ListDeclarationsReply(decoding: page.encodedBytes()) == page)
    }

    // MARK: Tools

    private func randomBytes<M: RandomMessage>(_ type: M.Type, _ index: Int) throws -> [UInt8] {
        var source = RandomSource(type, index)
        return try M(random: &source).encodedBytes()
    }

    /// What is read can be written and read again.
    private func decode<M: Message>(_ bytes: [UInt8], as type: M.Type) throws {
        let value: M
        do throws(MessageFault) {
            value = try M(decoding: bytes)
        } catch {
            #expect(!error.message.isEmpty)
            return
        }
        let written = try value.encodedBytes()
        #expect(try M(decoding: written).encodedBytes() == written)
    }

    private func expect(_ kind: MessageFault.Kind, _ body: () throws -> some Message) {
        let fault = #expect(throws: MessageFault.self) { _ = try body() }
        #expect(fault?.kind == kind)
    }

    private func repeated(_ bytes: [UInt8], toAtLeast count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count + bytes.count)
        while result.count < count { result += bytes }
        return result
    }
}
