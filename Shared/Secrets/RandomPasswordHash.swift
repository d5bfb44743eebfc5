import Crypto
import Domain

/// A hashed password that a program drew at random: "random:SALT:HASH" with salt and hash in hexadecimal digits.
///
/// A slow hash keeps passwords that people choose from being guessed. 90 bits of chance cannot be guessed however fast a guess is, so
/// SHA-256 with a salt is enough.
struct RandomPasswordHash: Sendable, Hashable {
    static let scheme = "random:"
    private static let saltLength = 16

    private let salt: [UInt8]
    private let hash: [UInt8]

    /// With a new salt.
    init(of password: String) {
        salt = randomBytes(Self.saltLength)
        hash = Self.sha256(password, salt)
    }

    /// Reads what ``text`` writes, and nothing else.
    init(parsing text: String) throws(PasswordError) {
        guard text.utf8.count <= 200, text.hasPrefix(Self.scheme) else { throw .notAHash }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let salt = Hexadecimal.bytes(parts[1]),
            salt.count == Self.saltLength,
            let hash = Hexadecimal.bytes(parts[2]), hash.count == SHA256.byteCount
        else { throw .notAHash }
        self.salt = salt
        self.hash = hash
        guard self.text == text else { throw .notAHash }
    }

    var text: String { "\(Self.scheme)\(Hexadecimal.text(salt)):\(Hexadecimal.text(hash))" }

    func matches(_ password: String) -> Bool { isEqual(Self.sha256(password, salt), hash) }

    private static func sha256(_ password: String, _ salt: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: salt + Array(password.utf8)))
    }
}
