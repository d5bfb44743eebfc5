// The protocol's requests and answers; `Simulator.swift` says where each is used.

/// What a browser brings along: who asks, where to go back to, and the asker's own state.
package struct LoginRequest: Sendable, Hashable, Decodable {
    package var clientID: String
    package var redirect: String
    package var state: String
    /// Of the authorization code flow; nil for a trust ticket.
    package var authorization: Grant.Authorization?

    enum CodingKeys: String, CodingKey {
        case redirect, state
        case clientID = "client_id"
    }

    package init(
        clientID: String, redirect: String, state: String,
        authorization: Grant.Authorization? = nil
    ) {
        self.clientID = clientID
        self.redirect = redirect
        self.state = state
        self.authorization = authorization
    }

    /// Where its pages are: the password page, and below it the scan page.
    var path: String { authorization == nil ? "/login" : "/authorize" }

    /// As it travels in a query or in hidden fields.
    var fields: [(name: String, value: String)] {
        guard let authorization else {
            return [("client_id", clientID), ("redirect", redirect), ("state", state)]
        }
        return [
            ("response_type", "code"), ("scope", "openid"), ("client_id", clientID),
            ("redirect_uri", redirect), ("state", state), ("nonce", authorization.nonce),
            ("code_challenge", authorization.codeChallenge), ("code_challenge_method", "S256"),
        ]
    }
}

/// The two forms of the login page: a password is there on one of them only.
struct LoginForm: Decodable {
    let account: String
    let password: String?
}

/// `POST /simulate/login`.
struct SimulatedLogin: Decodable {
    let account: String
    let password: String
    let redirect: String
    let state: String
    /// Default: the only client, when there is one.
    let clientID: String?

    enum CodingKeys: String, CodingKey {
        case account, password, redirect, state
        case clientID = "client_id"
    }
}

struct SimulatedLoginReply: Encodable {
    let location: String
}

/// The form of `POST /exchange`; its one field holds JSON.
struct ExchangeForm: Decodable {
    let parameters: String

    enum CodingKeys: String, CodingKey {
        case parameters = "POSTPARAM_JSON"
    }
}

struct ExchangeRequest: Decodable {
    let ticket: String
    let clientID: String
    let secret: String

    enum CodingKeys: String, CodingKey {
        case ticket, secret
        case clientID = "client_id"
    }
}

struct ExchangeReply: Encodable {
    let success = true
    let unit: LegalPerson.Unit
    let agent: LegalPerson.Agent
}

struct FaultReply: Encodable {
    let success = false
    let error: String
    let message: String
}

/// Why a request is refused: a word for programs and a sentence for people.
enum SimulatorFault: String, Error {
    case malformed = "malformed_request"
    case unknownClient = "unknown_client"
    case forbiddenRedirect = "forbidden_redirect"
    case wrongPassword = "wrong_password"
    case invalidTicket = "invalid_ticket"

    var message: String {
        switch self {
        case .malformed: "请求格式不正确"
        case .unknownClient: "应用标识或密钥不正确"
        case .forbiddenRedirect: "回调地址不在允许范围内"
        case .wrongPassword: "法人账号或密码不正确"
        case .invalidTicket: "票据无效、已使用或已过期"
        }
    }
}
