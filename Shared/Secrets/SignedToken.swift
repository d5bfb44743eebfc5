import Crypto

/// Base64url without padding (RFC 4648, 5), as RFC 7515 uses it.
package enum Base64URL {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The text of the bytes.
    package static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 3)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for index in 0...group.count {
                text.append(alphabet[Int(bits >> UInt32(18 - 6 * index)) & 63])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text; nil when it is not the one text of its bytes: padding, other signs and stray bits are refused.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for sign in text.utf8 {
            guard let value = value(sign) else { return nil }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        // Fewer than six bits are left over, and all of them are zero.
        guard count < 6, bits & (1 << UInt32(count) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(_ sign: UInt8) -> UInt32? {
        switch sign {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(sign - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(sign - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(sign - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}

/// A compact token (RFC 7515) that is signed with HMAC-SHA256: header and payload in clear, and who
/// holds the key vouches for both.
package struct SignedToken: Sendable, Hashable {
    /// The longest token that is looked at, in bytes.
    package static let longest = 8_192
    /// The shortest key, in bytes (RFC 7518, 3.2).
    package static let shortestKey = 32

    /// The bytes of the header; what they say of the algorithm is the reader's to check.
    package let header: [UInt8]
    package let payload: [UInt8]

    /// Nil when the text is no such token, or was signed with another key.
    /// - Precondition: the key has at least ``shortestKey`` bytes.
    package init?(verifying text: String, key: [UInt8]) {
        precondition(key.count >= Self.shortestKey, "a short key vouches for nothing")
        guard text.utf8.count <= Self.longest else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.bytes(parts[0]),
            let payload = Base64URL.bytes(parts[1]), let signature = Base64URL.bytes(parts[2]),
            HMAC<SHA256>.isValidAuthenticationCode(
                signature, authenticating: Array("\(parts[0]).\(parts[1])".utf8),
                using: SymmetricKey(data: key))
        else { return nil }
        self.header = header
        self.payload = payload
    }

    /// The text of a new token.
    package static func signing(header: [UInt8], payload: [UInt8], key: [UInt8]) -> String {
        let signed = "\(Base64URL.text(header)).\(Base64URL.text(payload))"
        let signature = HMAC<SHA256>.authenticationCode(
            for: Array(signed.utf8), using: SymmetricKey(data: key))
        return "\(signed).\(Base64URL.text(Array(signature)))"
    }
}

/// Proof Key for Code Exchange (RFC 7636), method S256.
package enum CodeChallenge {
    /// What is shown at the start for the verifier that is shown at the end.
    package static func s256(verifier: String) -> String {
        Base64URL.text(Array(SHA256.hash(data: Array(verifier.utf8))))
    }
}
