import Domain
import Secrets

/// A login at a provider that is under way, as it travels through the browser.
///
/// Signed, so that nothing of it is kept here: whoever begins logins and never ends them takes no room from others.
struct LoginState: Sendable, Hashable {
    let provider: String
    /// Where the browser is to come back.
    let redirect: String
    /// From then on it is no good.
    let expiresMilliseconds: Int64

    /// So that no token that is signed for another use is one.
    private static let header = Array("login".utf8)

    /// Its text: below 512 bytes, which a provider gives back as it is.
    /// - Parameters:
    ///   - nonce: random bytes, which make every text another.
    ///   - key: at least `SignedToken.shortestKey` bytes.
    func text(nonce: [UInt8], key: [UInt8]) -> String {
        // None of them holds a line end.
        let lines = [
            "\(expiresMilliseconds)", Base64URL.text(nonce), provider, redirect,
        ]
        return SignedToken.signing(
            header: Self.header, payload: Array(lines.joined(separator: "\n").utf8), key: key)
    }

    init(provider: String, redirect: String, begun: Timestamp) {
        self.provider = provider
        self.redirect = redirect
        expiresMilliseconds = begun.milliseconds + SessionLimits.loginStateMilliseconds
    }

    /// Nil when the text was not made with that key.
    init?(_ text: String, key: [UInt8]) {
        guard let token = SignedToken(verifying: text, key: key), token.header == Self.header
        else { return nil }
        let lines = String(decoding: token.payload, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 4, let expires = Int64(lines[0]) else { return nil }
        (expiresMilliseconds, provider, redirect) = (expires, lines[2], lines[3])
    }

    /// What is kept of a text that signed somebody in.
    static func hash(_ text: String) -> [UInt8] { SessionToken.hash(Array(text.utf8)) }
}
