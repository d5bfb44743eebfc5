import Crypto
import Domain

/// The keys of personal data fields, shared by the services of a deployment.
///
/// The file has one line per key: `index-key` and 64 hexadecimal digits, which never changes, and
/// `field-key`, a version of 1 to 65,535, and 64 digits. The newest version seals, every one opens:
/// a new key is a new line, an old line stays as long as anything sealed with it does.
package struct KeyRing: Sendable {
    /// The most field keys of a file.
    package static let limit = 16

    /// Bytes of every key.
    private static let keyByteCount = 32

    private let indexKey: [UInt8]
    private let fieldKeys: [UInt16: [UInt8]]
    private let newest: UInt16

    /// Reads a key file.
    /// - Throws: when it is missing, others may read it, or a line of it is wrong.
    package init(file path: String) throws(KeyFileError) {
        func fault(_ what: String) -> KeyFileError {
            KeyFileError("\(path) is no file of field keys: \(what)")
        }
        var indexKey: [UInt8]?
        var fieldKeys: [UInt16: [UInt8]] = [:]
        for words in try OwnerFile.lines(path) {
            guard let key = words.last.flatMap({ Hexadecimal.bytes($0) }),
                key.count == Self.keyByteCount
            else { throw fault("every line should end in a key of 64 hexadecimal digits") }
            switch (words[0], words.count) {
            case ("index-key", 2):
                guard indexKey == nil else { throw fault("it has two index keys") }
                indexKey = key
            case ("field-key", 3):
                guard let version = UInt16(words[1]), version > 0 else {
                    throw fault("the version of a field key is a number of 1 to 65535")
                }
                guard fieldKeys.updateValue(key, forKey: version) == nil else {
                    throw fault("it has version \(version) twice")
                }
            default:
                throw fault("a line is “index-key KEY” or “field-key VERSION KEY”")
            }
        }
        guard let indexKey else { throw fault("it has no index key") }
        guard let newest = fieldKeys.keys.max() else { throw fault("it has no field key") }
        guard fieldKeys.count <= Self.limit else {
            throw fault("it has \(fieldKeys.count) field keys, at most \(Self.limit) are read")
        }
        self.indexKey = indexKey
        self.fieldKeys = fieldKeys
        self.newest = newest
    }

    /// Makes a file with new random keys, readable by its owner alone. It is there whole and on the
    /// disk, or not at all.
    /// - Throws: when there is a file already, or it cannot be written.
    package static func create(at path: String) throws(KeyFileError) {
        let indexKey = Hexadecimal.text(randomBytes(Self.keyByteCount))
        let fieldKey = Hexadecimal.text(randomBytes(Self.keyByteCount))
        try OwnerFile.create(path, "index-key \(indexKey)\nfield-key 1 \(fieldKey)\n")
    }

    /// What seals a service's fields. Another service's cipher opens none of them, while search
    /// indexes are equal everywhere: services compare persons by them.
    /// - Parameter service: "identity-service".
    package func cipher(service: String) -> PersonalFieldCipher {
        PersonalFieldCipher(
            service: service,
            keys: fieldKeys.mapValues { Self.derived($0, "zhicheng field \(service)") },
            newest: newest, indexKey: Self.derived(indexKey, "zhicheng search index"))
    }

    private static func derived(_ key: [UInt8], _ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: key), info: Array(purpose.utf8),
            outputByteCount: Self.keyByteCount)
    }
}
