import Crypto

/// Tokens of sessions: opaque random bytes, of which only the hash is stored.
package enum SessionToken {
    /// 256 bits.
    package static let byteCount = 32

    /// A new token.
    package static func random() -> [UInt8] {
        randomBytes(byteCount)
    }

    /// What is stored of a token, 32 bytes: SHA-256, as a random token cannot be guessed.
    package static func hash(_ token: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: token))
    }
}
