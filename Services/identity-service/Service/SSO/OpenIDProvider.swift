import Domain
import Secrets
import ServiceRuntime

/// OAuth 2 and OpenID Connect: authorization code with PKCE S256, state and nonce (I1). The unit and
/// its agent are the claims of `/userinfo`; who they belong to is what the signed ID token says.
struct OpenIDProvider: IdentityProvider {
    static let name = "minzhengtong-oidc"
    /// The longest code or access token that is passed on, in bytes.
    static let longestToken = 2_048

    /// Where this side asks: `/token` and `/userinfo` below it.
    let address: HTTPAddress
    /// Where browsers go, `/authorize` below it.
    let loginAddress: HTTPAddress
    let rules: IDTokenRules
    /// Real time: ID tokens end by it, on a development clock too.
    let clock: any WallClock
    let post: HTTPPost

    var name: String { Self.name }

    func loginAddress(_ attempt: LoginAttempt) -> String {
        let query = [
            ("response_type", "code"), ("scope", "openid"), ("client_id", rules.audience),
            ("redirect_uri", attempt.redirect), ("state", attempt.state),
            ("nonce", attempt.nonce),
            ("code_challenge", CodeChallenge.s256(verifier: attempt.verifier)),
            ("code_challenge_method", "S256"),
        ]
        return "\(loginAddress)/authorize?\(Self.form(query))"
    }

    func exchange(
        _ proof: String, of attempt: LoginAttempt
    ) async throws(ProviderError) -> VouchedAgent {
        guard (1...Self.longestToken).contains(proof.utf8.count) else {
            throw ProviderError(.refusedTicket, "a code of \(proof.utf8.count) bytes")
        }
        let reply = try await post(
            address, path: "/token",
            form: Self.form([
                ("grant_type", "authorization_code"), ("code", proof),
                ("redirect_uri", attempt.redirect), ("client_id", rules.audience),
                ("client_secret", rules.secret), ("code_verifier", attempt.verifier),
            ]))
        let tokens = try Self.json(reply)
        guard reply.status == 200 else { throw Self.refusal(reply.status, tokens) }
        guard let idToken = tokens["id_token"]?.string,
            let accessToken = tokens["access_token"]?.string, Self.isBearer(accessToken),
            tokens["token_type"]?.string?.lowercased() == "bearer"
        else { throw ProviderError(.malformed, "the answer of /token lacks its tokens") }
        let subject = try rules.subject(of: idToken, nonce: attempt.nonce, at: clock.now())
        return try await agent(subject, accessToken: accessToken)
    }

    private func agent(
        _ subject: String, accessToken: String
    ) async throws(ProviderError) -> VouchedAgent {
        let reply = try await post(
            address, path: "/userinfo", form: "", authorization: "Bearer \(accessToken)")
        let claims = try Self.json(reply)
        guard reply.status == 200 else {
            throw ProviderError(.malformed, "/userinfo answers \(reply.status)")
        }
        // OpenID Connect Core 5.3.2: otherwise the claims may be somebody else's.
        guard claims["sub"]?.string == subject else {
            throw ProviderError(.untrusted, "/userinfo tells of another subject")
        }
        // Both protocols of 闽政通 know a person by one number: it is one person here too.
        return try VouchedAgent(
            claims, issuer: MinzhengtongProvider.issuer, subject: subject)
    }

    private static func json(_ reply: HTTPPost.Reply) throws(ProviderError) -> JSONValue {
        guard let value = JSONValue(parsing: reply.body) else {
            throw ProviderError(.malformed, "an answer (status \(reply.status)) that is not JSON")
        }
        return value
    }

    private static func refusal(_ status: Int, _ value: JSONValue) -> ProviderError {
        switch value["error"]?.string {
        case "invalid_grant": ProviderError(.refusedTicket, "the code is refused")
        case "invalid_client", "unauthorized_client":
            ProviderError(.refusedClient, "client id or secret is refused")
        default: ProviderError(.malformed, "a refusal with status \(status)")
        }
    }

    /// Whether the text may stand in a header as it is (RFC 6750, 2.1).
    private static func isBearer(_ token: String) -> Bool {
        (1...longestToken).contains(token.utf8.count)
            && token.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-._~+/=".utf8.contains(byte)
                }
            }
    }

    private static func form(_ values: [(name: String, value: String)]) -> String {
        values.map { "\($0.name)=\(percentEncoded($0.value))" }.joined(separator: "&")
    }
}

/// What makes an ID token good (OpenID Connect Core 3.1.3.7), for the one algorithm HS256, whose key
/// is the client secret.
struct IDTokenRules: Sendable {
    /// How far the clocks of both sides may differ.
    static let leewayMilliseconds: Int64 = 60_000
    /// The oldest token that is taken.
    static let longestAgeMilliseconds: Int64 = 10 * 60_000

    let issuer: String
    /// The client id.
    let audience: String
    /// At least `SignedToken.shortestKey` bytes.
    let secret: String

    /// Whom the token is about.
    /// - Throws: `untrusted` when the token is not signed, or not meant for this login.
    func subject(
        of token: String, nonce: String, at now: Timestamp
    ) throws(ProviderError) -> String {
        guard let signed = SignedToken(verifying: token, key: Array(secret.utf8)),
            let header = JSONValue(parsing: signed.header),
            let claims = JSONValue(parsing: signed.payload)
        else { throw ProviderError(.untrusted, "the ID token is not signed by the provider") }
        // Extensions that must be understood ("crit") are not.
        guard header["alg"]?.string == "HS256", header["crit"] == nil else {
            throw ProviderError(.untrusted, "the ID token is signed by another algorithm")
        }
        guard claims["iss"]?.string == issuer else {
            throw ProviderError(.untrusted, "the ID token is another issuer's")
        }
        guard isForUs(claims) else {
            throw ProviderError(.untrusted, "the ID token is for another client")
        }
        guard claims["nonce"]?.string == nonce else {
            throw ProviderError(.untrusted, "the ID token belongs to another login")
        }
        guard let ends = Self.milliseconds(claims["exp"]),
            let issued = Self.milliseconds(claims["iat"]),
            now.milliseconds < ends + Self.leewayMilliseconds,
            issued <= now.milliseconds + Self.leewayMilliseconds,
            now.milliseconds - issued <= Self.longestAgeMilliseconds
        else { throw ProviderError(.untrusted, "the ID token is too old, or from the future") }
        guard let subject = claims["sub"]?.string,
            (1...VouchedAgent.longestSubject).contains(subject.utf8.count)
        else { throw ProviderError(.malformed, "the ID token lacks a usable “sub”") }
        return subject
    }

    /// This client is the only audience, and the authorized party if one is named.
    private func isForUs(_ claims: JSONValue) -> Bool {
        let isAudience =
            claims["aud"] == .string(audience) || claims["aud"] == .array([.string(audience)])
        return isAudience && (claims["azp"] == nil || claims["azp"] == .string(audience))
    }

    /// A whole number of seconds from 1970 to the year 9999.
    private static func milliseconds(_ value: JSONValue?) -> Int64? {
        guard case .number(let digits)? = value, let seconds = Int64(digits),
            (0...253_402_300_799).contains(seconds)
        else { return nil }
        return seconds * 1_000
    }
}
