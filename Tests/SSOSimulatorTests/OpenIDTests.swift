import Crypto
import Foundation
import SSOSimulator
import Testing

@Suite("The authorization code flow")
struct OpenIDTests {
    private let redirect = "http://127.0.0.1:45678/callback"
    private let person = LegalPerson.demonstration[0]
    /// RFC 7636, appendix B.
    private let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    private let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    private let secret = SimulatorConfiguration.developmentSecret

    private func authorization(_ more: [String: String] = [:]) -> [String: String] {
        [
            "response_type": "code", "scope": "openid", "client_id": "zhicheng",
            "redirect_uri": redirect, "state": "s+1 &=%", "nonce": "n-1",
            "code_challenge": challenge, "code_challenge_method": "S256",
        ].merging(more) { $1 }
    }

    private func tokenRequest(_ code: String, _ more: [String: String] = [:]) -> [String: String] {
        [
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect,
            "client_id": "zhicheng", "client_secret": secret, "code_verifier": verifier,
        ].merging(more) { $1 }
    }

    private func code(_ browser: Browser) async throws -> String {
        let back = try await browser.post(
            "/authorize",
            form: authorization(["account": person.account, "password": person.password]))
        #expect(back.status == 302)
        let parts = try #require(back.location.flatMap { URLComponents(string: $0) })
        #expect(parts.queryItems?.first { $0.name == "state" }?.value == "s+1 &=%")
        #expect(parts.queryItems?.contains { $0.name == "ticket" } == false)
        return try #require(parts.queryItems?.first { $0.name == "code" }?.value)
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func data(base64URL text: Substring) throws -> Data {
        let plain = text.replacingOccurrences(of: "-", with: "+")
            .replacingOccurrences(of: "_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.count % 4) % 4)
        return try #require(Data(base64Encoded: plain + padding))
    }

    @Test(
        "A code and its verifier buy a signed ID token, and the access token the unit's data, once")
    func wholeRoad() async throws {
        try await withSimulator { browser async throws in
            let page = try await browser.get("/authorize", authorization())
            #expect(page.status == 200 && page.text.contains("action=\"/authorize\""))
            #expect(page.text.contains("href=\"/authorize/scan?"))
            let code = try await code(browser)
            let answer = try await browser.post("/token", form: tokenRequest(code))
            #expect(answer.status == 200)
            let tokens = try json(answer.text)
            #expect(tokens["token_type"] as? String == "Bearer")
            let idToken = try #require(tokens["id_token"] as? String)
            let parts = idToken.split(separator: ".")
            #expect(
                HMAC<SHA256>.isValidAuthenticationCode(
                    try data(base64URL: parts[2]),
                    authenticating: Data("\(parts[0]).\(parts[1])".utf8),
                    using: SymmetricKey(data: Data(secret.utf8))))
            let claims = try json(
                String(decoding: try data(base64URL: parts[1]), as: UTF8.self))
            #expect(claims["iss"] as? String == SimulatorConfiguration.developmentIssuer)
            #expect(claims["aud"] as? String == "zhicheng" && claims["nonce"] as? String == "n-1")
            #expect(claims["sub"] as? String == person.agent.subject)
            #expect(claims["iat"] as? Int == 1_650_330_000)
            #expect(claims["exp"] as? Int == 1_650_330_060)

            let bearer = try #require(tokens["access_token"] as? String)
            let known = try await browser.post("/userinfo", form: [:], bearer: bearer)
            #expect(known.status == 200 && known.text.contains("福州市第一中学"))
            #expect(try json(known.text)["sub"] as? String == person.agent.subject)
            let again = try await browser.post("/userinfo", form: [:], bearer: bearer)
            #expect(again.status == 401)
            let replayed = try await browser.post("/token", form: tokenRequest(code))
            #expect(replayed.status == 400 && replayed.text.contains("invalid_grant"))
        }
    }

    @Test(
        "What does not belong to the code is refused, and uses it up",
        arguments: [
            (["code_verifier": String(repeating: "a", count: 43)], 400, "invalid_grant"),
            (["code_verifier": "short"], 400, "invalid_grant"),
            (["redirect_uri": "http://127.0.0.1:45679/callback"], 400, "invalid_grant"),
            (["code": "0"], 400, "invalid_grant"),
            (["client_secret": "wrong"], 401, "invalid_client"),
            (["client_id": "unknown"], 401, "invalid_client"),
            (["client_id": "other", "client_secret": "two"], 400, "invalid_grant"),
            (["grant_type": "password"], 400, "invalid_request"),
        ])
    func mutations(change: [String: String], status: Int, error: String) async throws {
        let clients = ["zhicheng=\(secret)", "other=two"]
        try await withSimulator(clients: clients) { browser async throws in
            let code = try await code(browser)
            let refused = try await browser.post("/token", form: tokenRequest(code, change))
            #expect(refused.status == status)
            #expect(try json(refused.text)["error"] as? String == error)
            let after = try await browser.post("/token", form: tokenRequest(code))
            // A request that shows no code of its own, or no client, leaves the code alone.
            let wasUsed = error == "invalid_grant" && change["code"] == nil
            #expect(after.status == (wasUsed ? 400 : 200))
        }
    }

    @Test(
        "No login page without PKCE S256, state, nonce, and a listed callback",
        arguments: [
            ["code_challenge_method": "plain"], ["code_challenge": ""], ["code_challenge": "a"],
            ["code_challenge": String(repeating: "+", count: 43)], ["state": ""], ["nonce": ""],
            ["response_type": "token"], ["scope": "profile"], ["client_id": "x"],
            ["redirect_uri": "http://127.0.0.1/other"],
            ["redirect_uri": "http://example.org/callback"],
        ])
    func requests(change: [String: String]) async throws {
        try await withSimulator { browser async throws in
            let query = authorization(change.merging(["account": person.account]) { $1 })
            #expect(try await browser.get("/authorize", query).status == 400)
            let posted = try await browser.post("/authorize/scan", form: query)
            #expect(posted.status == 400 && posted.location == nil)
        }
    }

    @Test("A code ends after 60 seconds, and is no ticket")
    func codesEnd() async throws {
        let clock = TestInstant()
        try await withSimulator(clock: clock) { browser async throws in
            let old = try await code(browser)
            clock.advance(by: .seconds(60))
            #expect(try await browser.post("/token", form: tokenRequest(old)).status == 400)
            let fresh = try await code(browser)
            let exchange =
                #"{"ticket":"\#(fresh)","client_id":"zhicheng","secret":"\#(secret)"}"#
            let refused = try await browser.post(
                "/exchange", form: ["POSTPARAM_JSON": exchange])
            #expect(refused.status == 400)
        }
    }

    @Test("Without a good bearer there is no user", arguments: [nil, "", "x"] as [String?])
    func strangers(bearer: String?) async throws {
        try await withSimulator { browser async throws in
            #expect(
                try await browser.post("/userinfo", form: [:], bearer: bearer).status == 401)
        }
    }
}
