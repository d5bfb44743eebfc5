import Crypto

/// The place of a sealed value: what was sealed for one place opens at no other.
package struct FieldPlace: Sendable, Hashable {
    /// The table of the service's database.
    package let table: String
    /// The row's id.
    package let row: String
    /// The column of the sealed value.
    package let column: String

    /// The place of one value.
    package init(table: String, row: String, column: String) {
        self.table = table
        self.row = row
        self.column = column
    }
}

/// Why a value could not be sealed or opened. Says nothing of the value.
package enum PersonalFieldError: Error, Sendable, Hashable, CustomStringConvertible {
    /// More than ``PersonalFieldCipher/limit`` bytes.
    case tooLong(byteCount: Int)
    /// Sealed by a later version of the platform.
    case unknownAlgorithm(UInt8)
    /// The key of that version is not in the key file.
    case unknownKey(version: UInt16)
    /// Changed, cut short, or sealed for another place or service.
    case notAuthentic

    package var description: String {
        switch self {
        case .tooLong(let count):
            "a personal field has \(count) bytes, at most \(PersonalFieldCipher.limit) are sealed"
        case .unknownAlgorithm(let id):
            "a personal field is sealed by algorithm \(id), which this version does not know"
        case .unknownKey(let version):
            "a personal field is sealed by key \(version), which the key file does not have"
        case .notAuthentic:
            "a personal field was changed, or sealed for another place"
        }
    }
}

/// Seals ID numbers and phones, field by field, with AES-256-GCM; made by
/// ``KeyRing/cipher(service:)``.
///
/// Sealed bytes are: algorithm (1 byte), key version (2 bytes, high byte first), nonce (12), text,
/// tag (16). The first three and the place are authenticated with the text.
package struct PersonalFieldCipher: Sendable {
    /// The most bytes of a text.
    package static let limit = 4_096

    private static let aes256GCM: UInt8 = 1
    private static let headerLength = 3
    private static let overhead = headerLength + 12 + 16

    private let service: String
    private let keys: [UInt16: SymmetricKey]
    private let newest: UInt16
    private let indexKey: SymmetricKey

    /// - Precondition: the newest version has a key.
    init(
        service: String, keys: [UInt16: SymmetricKey], newest: UInt16, indexKey: SymmetricKey
    ) {
        precondition(keys[newest] != nil, "the newest version has a key")
        self.service = service
        self.keys = keys
        self.newest = newest
        self.indexKey = indexKey
    }

    /// Seals with the newest key; two seals of one text differ.
    /// - Parameter text: at most ``limit`` bytes.
    /// - Throws: ``PersonalFieldError``.
    package func seal(_ text: String, at place: FieldPlace) throws -> [UInt8] {
        guard text.utf8.count <= Self.limit else {
            throw PersonalFieldError.tooLong(byteCount: text.utf8.count)
        }
        let header = [Self.aes256GCM, UInt8(newest >> 8), UInt8(newest & 0xFF)]
        let box = try AES.GCM.seal(
            Array(text.utf8), using: try key(newest), nonce: AES.GCM.Nonce(),
            authenticating: authenticated(header, place))
        return header + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Opens what was sealed for this place.
    /// - Throws: ``PersonalFieldError``.
    package func open(_ sealed: [UInt8], at place: FieldPlace) throws -> String {
        guard sealed.count >= Self.overhead else { throw PersonalFieldError.notAuthentic }
        guard sealed.count <= Self.overhead + Self.limit else {
            throw PersonalFieldError.tooLong(byteCount: sealed.count - Self.overhead)
        }
        guard sealed[0] == Self.aes256GCM else {
            throw PersonalFieldError.unknownAlgorithm(sealed[0])
        }
        let key = try key(UInt16(sealed[1]) << 8 | UInt16(sealed[2]))
        let header = Array(sealed.prefix(Self.headerLength))
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst(Self.headerLength))
            let text = try AES.GCM.open(
                box, using: key, authenticating: authenticated(header, place))
            return String(decoding: text, as: UTF8.self)
        } catch {
            throw PersonalFieldError.notAuthentic
        }
    }

    /// A keyed hash to search by, of 32 bytes: equal for equal texts of a domain, in every service.
    /// - Parameter domain: what the text is, "id_number"; the same text in another domain has
    ///   another index.
    package func searchIndex(of text: String, domain: String) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(
                for: lengthFirst(domain) + Array(text.utf8), using: indexKey))
    }

    private func key(_ version: UInt16) throws(PersonalFieldError) -> SymmetricKey {
        guard let key = keys[version] else { throw .unknownKey(version: version) }
        return key
    }

    private func authenticated(_ header: [UInt8], _ place: FieldPlace) -> [UInt8] {
        header + [service, place.table, place.row, place.column].flatMap(lengthFirst)
    }
}

/// So that no two lists of names have the same bytes.
private func lengthFirst(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
}
