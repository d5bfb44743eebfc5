import Crypto
import Foundation
import Hummingbird

// The authorization code flow; `Simulator.swift` says where each part is used.

extension Simulator {
    /// How long access and ID tokens are good for, in seconds.
    static let tokenSeconds: Int64 = 60

    func token(_ request: Request) async throws -> Response {
        let body = try await body(of: request)
        do throws(SimulatorFault) {
            let asked = try form(TokenRequest.self, body)
            guard asked.grantType == "authorization_code" else { throw .malformed }
            guard let secret = configuration.clients[asked.clientID], secret == asked.secret else {
                throw .unknownClient
            }
            // The code is used up, whatever is wrong with the rest.
            guard let grant = codes.redeem(asked.code, by: asked.clientID),
                let authorization = grant.authorization,
                authorization.redirect == asked.redirect,
                PKCE.isVerifier(asked.codeVerifier),
                PKCE.challenge(asked.codeVerifier) == authorization.codeChallenge
            else { throw .invalidTicket }
            let now = unixTime()
            let idToken = try IDToken.signed(
                IDTokenClaims(
                    iss: configuration.issuer, sub: grant.person.agent.subject,
                    aud: grant.clientID, nonce: authorization.nonce, iat: now,
                    exp: now + Self.tokenSeconds), secret: secret)
            return try answer(
                json: TokenReply(
                    accessToken: accessTokens.issue(grant), expiresIn: Self.tokenSeconds,
                    idToken: idToken))
        } catch {
            return try answer(
                json: OAuthFault(error),
                status: error == .unknownClient ? .unauthorized : .badRequest)
        }
    }

    func userInfo(_ request: Request) throws -> Response {
        let header = request.headers[.authorization] ?? ""
        guard header.hasPrefix("Bearer "),
            let person = accessTokens.redeem(String(header.dropFirst(7)), by: nil)?.person
        else {
            var response = answer("", type: "text/plain; charset=utf-8", status: .unauthorized)
            response.headers[.wwwAuthenticate] = "Bearer error=\"invalid_token\""
            return response
        }
        return try answer(
            json: UserInfo(
                sub: person.agent.subject, unit: person.unit, agent: person.agent))
    }
}

/// Proof Key for Code Exchange (RFC 7636), method S256.
enum PKCE {
    static func challenge(_ verifier: String) -> String {
        base64URL(Data(SHA256.hash(data: Data(verifier.utf8))))
    }

    static func isVerifier(_ text: String) -> Bool {
        (43...128).contains(text.utf8.count) && text.utf8.allSatisfy(isUnreserved)
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }
}

/// A compact JWT, signed with HS256 by the client's secret.
enum IDToken {
    static func signed(
        _ claims: IDTokenClaims, secret: String
    ) throws(SimulatorFault) -> String {
        let header = base64URL(Data(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
        let payload: Data
        do {
            payload = try JSONEncoder().encode(claims)
        } catch {
            throw .malformed
        }
        let text = "\(header).\(base64URL(payload))"
        let signature = HMAC<SHA256>.authenticationCode(
            for: Data(text.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return "\(text).\(base64URL(Data(signature)))"
    }
}

/// Base64url without padding.
private func base64URL(_ data: Data) -> String {
    data.base64EncodedString()
        .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        .replacingOccurrences(of: "=", with: "")
}
