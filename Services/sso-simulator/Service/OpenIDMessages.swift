// Requests and answers of the authorization code flow (RFC 6749, RFC 7636, OpenID Connect Core).

/// `GET /authorize`, and the hidden fields of its pages.
struct AuthorizationRequest: Decodable {
    let responseType: String
    let scope: String
    let clientID: String
    let redirect: String
    let state: String
    let nonce: String
    let codeChallenge: String
    let codeChallengeMethod: String

    enum CodingKeys: String, CodingKey {
        case scope, state, nonce
        case responseType = "response_type"
        case clientID = "client_id"
        case redirect = "redirect_uri"
        case codeChallenge = "code_challenge"
        case codeChallengeMethod = "code_challenge_method"
    }

    /// As the pages know it.
    /// - Throws: when it asks for anything but a code with PKCE S256, state and nonce.
    func login() throws(SimulatorFault) -> LoginRequest {
        guard responseType == "code", scope.split(separator: " ").contains("openid"),
            codeChallengeMethod == "S256", codeChallenge.utf8.count == 43,
            codeChallenge.utf8.allSatisfy(PKCE.isUnreserved),
            (1...Simulator.mostStateBytes).contains(nonce.utf8.count)
        else { throw .malformed }
        return LoginRequest(
            clientID: clientID, redirect: redirect, state: state,
            authorization: Grant.Authorization(
                redirect: redirect, nonce: nonce, codeChallenge: codeChallenge))
    }
}

/// `POST /token`.
struct TokenRequest: Decodable {
    let grantType: String
    let code: String
    let redirect: String
    let clientID: String
    let secret: String
    let codeVerifier: String

    enum CodingKeys: String, CodingKey {
        case code
        case grantType = "grant_type"
        case redirect = "redirect_uri"
        case clientID = "client_id"
        case secret = "client_secret"
        case codeVerifier = "code_verifier"
    }
}

struct TokenReply: Encodable {
    let accessToken: String
    let tokenType = "Bearer"
    let expiresIn: Int64
    let idToken: String

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
        case tokenType = "token_type"
        case expiresIn = "expires_in"
        case idToken = "id_token"
    }
}

/// The payload of an ID token.
struct IDTokenClaims: Encodable {
    let iss: String
    let sub: String
    let aud: String
    let nonce: String
    /// Seconds since 1970.
    let iat: Int64
    let exp: Int64
}

/// `POST /userinfo`.
struct UserInfo: Encodable {
    let sub: String
    let unit: LegalPerson.Unit
    let agent: LegalPerson.Agent
}

/// An error as RFC 6749, 5.2 words it.
struct OAuthFault: Encodable {
    let error: String
    let description: String

    enum CodingKeys: String, CodingKey {
        case error
        case description = "error_description"
    }

    init(_ fault: SimulatorFault) {
        error =
            switch fault {
            case .unknownClient: "invalid_client"
            case .invalidTicket: "invalid_grant"
            case .malformed, .forbiddenRedirect, .wrongPassword: "invalid_request"
            }
        description = fault.message
    }
}
