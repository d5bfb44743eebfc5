import Foundation
import ZhichengClient

/// How 闽政通 is spoken to; each brings something else back to the callback.
enum SSOProtocol: String, Sendable, CaseIterable {
    /// The trust-ticket redirect.
    case ticket
    /// OAuth 2 and OpenID Connect: authorization code with PKCE.
    case oidc

    /// As BeginLogin knows it.
    var provider: String {
        switch self {
        case .ticket: "minzhengtong"
        case .oidc: "minzhengtong-oidc"
        }
    }

    /// What the callback's query brings.
    var proof: String {
        switch self {
        case .ticket: "ticket"
        case .oidc: "code"
        }
    }
}

/// 单位登录 through 闽政通: the browser's side of both protocols.
enum SSOLogin {
    /// - Parameters:
    ///   - limit: how long the user may take in the browser.
    ///   - browse: brings a browser to the address; runs beside the wait for its return.
    static func signIn(
        _ client: PlatformClient, by kind: SSOProtocol = .ticket, within limit: Duration,
        browse: @escaping @Sendable (_ address: String) async throws -> Void
    ) async throws -> (reply: Identity.SignInReply, used: Identity.CompleteLoginRequest) {
        let listener = try LoopbackListener()
        let begun = try await client.identity.beginLogin(
            Identity.BeginLoginRequest(provider: kind.provider, redirect: listener.callback))
        let proof = try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                try await listener.proof(kind.proof, state: begun.state, within: limit)
            }
            group.addTask {
                try await browse(begun.address)
                return nil
            }
            defer { group.cancelAll() }
            while let proof = try await group.next() {
                if let proof { return proof }
            }
            throw SocketFault(plainly: "no login came back from the browser")
        }
        let request =
            switch kind {
            case .ticket: Identity.CompleteLoginRequest(state: begun.state, ticket: proof)
            case .oidc: Identity.CompleteLoginRequest(state: begun.state, code: proof)
            }
        return (try await client.identity.completeLogin(request), request)
    }

    /// Fills in sso-simulator's page as a person would, and follows its redirect.
    /// - Throws: when the page is not what it should be, or refuses.
    static func fillIn(_ address: String, account: String, password: String) async throws {
        let browser = PlainBrowser()
        let page = try await browser.get(address)
        guard page.status == 200, page.text.contains("法人账号"),
            var parts = URLComponents(string: address)
        else { throw SocketFault(plainly: "the login page of 闽政通 answers \(page.status)") }
        var fields = (parts.queryItems ?? []).map { (name: $0.name, value: $0.value ?? "") }
        fields.append((name: "account", value: account))
        fields.append((name: "password", value: password))
        parts.query = nil
        guard let action = parts.string else {
            throw SocketFault(plainly: "“\(address)” is no http address")
        }
        let answer = try await browser.post(action, form: fields)
        guard answer.status == 302, let location = answer.headers["location"] else {
            throw SocketFault(plainly: "闽政通 refuses the login with \(answer.status)")
        }
        let back = try await browser.get(location)
        guard back.status == 200 else {
            throw SocketFault(plainly: "the callback answers \(back.status)")
        }
    }
}
