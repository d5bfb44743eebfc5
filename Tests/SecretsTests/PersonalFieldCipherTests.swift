import Crypto
import Secrets
import Testing

@Suite("Personal fields")
struct PersonalFieldCipherTests {
    private let folder: TemporaryFolder
    private let ring: KeyRing
    private let cipher: PersonalFieldCipher
    private let place = FieldPlace(table: "persons", row: "p-1", column: "id_number")
    private let number = "350199198004120012"

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.path + "/field.keys"
        try KeyRing.create(at: path)
        ring = try KeyRing(file: path)
        cipher = ring.cipher(service: "identity-service")
    }

    @Test(
        "What is sealed opens again",
        arguments: [
            "", "1", "350199198004120012", "陈经办\n\u{0}", String(repeating: "长", count: 1_365),
        ])
    func roundTrip(text: String) throws {
        let sealed = try cipher.seal(text, at: place)
        #expect(sealed.count == text.utf8.count + 31)
        #expect(Array(sealed.prefix(3)) == [1, 0, 1])
        #expect(try cipher.open(sealed, at: place) == text)
    }

    @Test("The text is not in what is sealed, and two seals differ")
    func random() throws {
        let seals = try (0..<100).map { _ in try cipher.seal(number, at: place) }
        #expect(Set(seals).count == 100)
        #expect(Set(seals.map { $0[3..<15] }).count == 100)
        #expect(seals.allSatisfy { !String(decoding: $0, as: UTF8.self).contains("1980") })
    }

    @Test(
        "At another place it does not open",
        arguments: [
            FieldPlace(table: "persons", row: "p-2", column: "id_number"),
            FieldPlace(table: "persons", row: "p-1", column: "phone"),
            FieldPlace(table: "registrations", row: "p-1", column: "id_number"),
            FieldPlace(table: "person", row: "sp-1", column: "id_number"),
            FieldPlace(table: "persons", row: "p-1id_", column: "number"),
            FieldPlace(table: "", row: "", column: ""),
        ])
    func swapped(other: FieldPlace) throws {
        let sealed = try cipher.seal(number, at: place)
        #expect(throws: PersonalFieldError.notAuthentic) { try cipher.open(sealed, at: other) }
    }

    @Test("Another service, or another deployment, does not open it")
    func foreign() throws {
        let sealed = try cipher.seal(number, at: place)
        #expect(throws: PersonalFieldError.notAuthentic) {
            try ring.cipher(service: "archive-service").open(sealed, at: place)
        }
        #expect(try ring.cipher(service: "identity-service").open(sealed, at: place) == number)
        try KeyRing.create(at: folder.path + "/other.keys")
        let other = try KeyRing(file: folder.path + "/other.keys")
        #expect(throws: PersonalFieldError.notAuthentic) {
            try other.cipher(service: "identity-service").open(sealed, at: place)
        }
    }

    @Test("Every changed bit is noticed")
    func tampered() throws {
        let sealed = try cipher.seal(number, at: place)
        for index in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << UInt8(bit)
                #expect(throws: PersonalFieldError.self) { try cipher.open(changed, at: place) }
            }
        }
    }

    @Test("Every cut and every added byte is noticed")
    func truncations() throws {
        let sealed = try cipher.seal(number, at: place)
        for length in 0..<sealed.count {
            #expect(throws: PersonalFieldError.self) {
                try cipher.open(Array(sealed.prefix(length)), at: place)
            }
        }
        #expect(throws: PersonalFieldError.notAuthentic) {
            try cipher.open(sealed + [0], at: place)
        }
    }

    @Test("Unknown algorithms and keys are said")
    func unknown() throws {
        var sealed = try cipher.seal(number, at: place)
        sealed[2] = 7
        #expect(throws: PersonalFieldError.unknownKey(version: 7)) {
            try cipher.open(sealed, at: place)
        }
        sealed[0] = 2
        #expect(throws: PersonalFieldError.unknownAlgorithm(2)) {
            try cipher.open(sealed, at: place)
        }
    }

    @Test("A text has at most 4,096 bytes")
    func bounded() throws {
        let longest = String(repeating: "a", count: 4_096)
        let sealed = try cipher.seal(longest, at: place)
        #expect(try cipher.open(sealed, at: place) == longest)
        #expect(throws: PersonalFieldError.tooLong(byteCount: 4_097)) {
            try cipher.seal(longest + "a", at: place)
        }
        #expect(throws: PersonalFieldError.tooLong(byteCount: 4_097)) {
            try cipher.open(sealed + [0], at: place)
        }
    }

    @Test("Errors say nothing of the text")
    func silent() throws {
        let sealed = try cipher.seal(number, at: place)
        let other = FieldPlace(table: "persons", row: "p-2", column: "id_number")
        let error = #expect(throws: PersonalFieldError.self) { try cipher.open(sealed, at: other) }
        #expect(error.map { "\($0)" }?.contains("3501") == false)
    }

    @Test("The newest key seals, every key opens, the index stays")
    func rotation() throws {
        let index = "index-key " + String(repeating: "01", count: 32) + "\n"
        let first = "field-key 1 " + String(repeating: "02", count: 32) + "\n"
        let second = "field-key 300 " + String(repeating: "03", count: 32) + "\n"
        func cipher(_ text: String) throws -> PersonalFieldCipher {
            try KeyRing(file: folder.file(text)).cipher(service: "identity-service")
        }
        let old = try cipher(index + first)
        let new = try cipher(index + first + second)
        let sealed = try old.seal(number, at: place)
        #expect(try new.open(sealed, at: place) == number)
        let resealed = try new.seal(number, at: place)
        #expect(Array(resealed.prefix(3)) == [1, 1, 44])
        #expect(try cipher(second + index).open(resealed, at: place) == number)
        #expect(throws: PersonalFieldError.unknownKey(version: 300)) {
            try old.open(resealed, at: place)
        }
        #expect(
            old.searchIndex(of: number, domain: "id_number")
                == new.searchIndex(of: number, domain: "id_number"))
    }

    @Test("A search index is equal in every service, and by domain and deployment another")
    func searchIndex() throws {
        let index = cipher.searchIndex(of: number, domain: "id_number")
        #expect(index.count == 32)
        #expect(
            ring.cipher(service: "archive-service").searchIndex(of: number, domain: "id_number")
                == index)
        #expect(cipher.searchIndex(of: number, domain: "audit") != index)
        #expect(cipher.searchIndex(of: "350199198004120013", domain: "id_number") != index)
        #expect(
            cipher.searchIndex(of: "bc", domain: "a") != cipher.searchIndex(of: "c", domain: "ab"))
        #expect(Array(SHA256.hash(data: Array(number.utf8))) != index)
        try KeyRing.create(at: folder.path + "/other.keys")
        let other = try KeyRing(file: folder.path + "/other.keys").cipher(
            service: "identity-service")
        #expect(other.searchIndex(of: number, domain: "id_number") != index)
    }

    @Test("What another implementation sealed opens, and its search index is the same")
    func fixture() throws {
        // HKDF-SHA256, AES-256-GCM and HMAC-SHA256 of Python's hmac and cryptography, nonce 00 01 …
        // 0B.
        let sealed: [UInt8] = [
            0x01, 0x00, 0x01, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
            0x09, 0x0A, 0x0B, 0x98, 0xB4, 0xBA, 0x50, 0x87, 0x10, 0xFA, 0x1A, 0x8E,
            0xF9, 0x3B, 0xBE, 0x24, 0x25, 0x92, 0x04, 0x69, 0xB6, 0xBF, 0x6F, 0x28,
            0x43, 0x8F, 0x55, 0xB8, 0x29, 0x0B, 0xD9, 0xBB, 0x35, 0x5B, 0xE9, 0x91,
            0xC8,
        ]
        let index: [UInt8] = [0xC2, 0xCA, 0x16, 0xED, 0x7F, 0x44, 0x50, 0xCE]
        let path = try folder.file(
            "index-key " + String(repeating: "11", count: 32) + "\nfield-key 1 "
                + String(repeating: "22", count: 32))
        let cipher = try KeyRing(file: path).cipher(service: "identity-service")
        #expect(try cipher.open(sealed, at: place) == number)
        #expect(cipher.searchIndex(of: number, domain: "id_number").starts(with: index))
    }
}

@Suite("Session tokens")
struct SessionTokenTests {
    @Test("Tokens are 32 bytes, no two alike")
    func random() {
        let tokens = (0..<1_000).map { _ in SessionToken.random() }
        #expect(tokens.allSatisfy { $0.count == SessionToken.byteCount })
        #expect(Set(tokens).count == 1_000)
    }

    @Test("What is stored is SHA-256 of the token")
    func hash() {
        #expect(SessionToken.hash([]).prefix(4).elementsEqual([0xE3, 0xB0, 0xC4, 0x42]))
        #expect(SessionToken.hash([1]).count == 32)
    }
}
