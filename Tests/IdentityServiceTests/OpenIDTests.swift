import Domain
import Messages
import NIOCore
import NIOHTTP1
import RPC
import Secrets
import ServiceRuntime
import ServiceStubs
import Synchronization
import TestSupport
import Testing

@testable import IdentityService

private let secret = "a secret of more than thirty-two bytes"

private struct FixedClock: WallClock {
    let time: Timestamp
    func now() -> Timestamp { time }
}

/// 2022-04-19T09:00+08:00, in seconds.
private let nine: Int64 = 1_650_330_000

private let rules = IDTokenRules(
    issuer: "https://sso.example.org", audience: "zhicheng", secret: secret)

/// The claims of a good ID token, as the members of its payload.
private func claims(_ change: [String: JSONValue?] = [:], nonce: String = "n-1") -> JSONValue {
    var members: [String: JSONValue] = [
        "iss": .string("https://sso.example.org"), "sub": .string("mzt-agent-1"),
        "aud": .string("zhicheng"), "nonce": .string(nonce), "iat": .number("\(nine)"),
        "exp": .number("\(nine + 60)"),
    ]
    for (name, value) in change { members[name] = value }
    return .object(members)
}

private func token(
    _ claims: JSONValue, header: String = #"{"alg":"HS256","typ":"JWT"}"#, key: String = secret
) -> String {
    SignedToken.signing(
        header: Array(header.utf8), payload: Array(claims.text.utf8), key: Array(key.utf8))
}

@Suite struct IDTokenTests {
    private func outcome(_ token: String, at seconds: Int64 = nine) -> String {
        do throws(ProviderError) {
            return try rules.subject(
                of: token, nonce: "n-1", at: Timestamp(milliseconds: seconds * 1_000))
        } catch {
            return "\(error.kind)"
        }
    }

    @Test func aGoodTokenNamesItsSubject() {
        #expect(outcome(token(claims())) == "mzt-agent-1")
        #expect(outcome(token(claims(["aud": .array([.string("zhicheng")])]))) == "mzt-agent-1")
        #expect(outcome(token(claims(["azp": .string("zhicheng")]))) == "mzt-agent-1")
        #expect(outcome(token(claims(["other": .null]))) == "mzt-agent-1")
    }

    @Test(
        arguments: [
            ["iss": .string("https://sso.example.org/")],
            ["iss": .string("https://evil.example.org")],
            ["iss": nil], ["aud": .string("other")], ["aud": nil], ["aud": .array([])],
            ["aud": .array([.string("zhicheng"), .string("other")])], ["azp": .string("other")],
            ["nonce": .string("n-2")], ["nonce": nil], ["nonce": .string("")],
            ["exp": .number("\(nine - 60)")], ["exp": nil], ["exp": .string("\(nine + 60)")],
            ["exp": .number("1e99")], ["exp": .number("-1")], ["iat": nil],
            ["iat": .number("\(nine + 61)")], ["iat": .number("\(nine - 601)")],
        ] as [[String: JSONValue?]])
    func aChangedClaimIsRefused(_ change: [String: JSONValue?]) {
        #expect(outcome(token(claims(change))) == "untrusted")
    }

    @Test(
        arguments: [
            ["sub": nil], ["sub": .string("")], ["sub": .number("1")],
            ["sub": .string(String(repeating: "s", count: 129))],
        ] as [[String: JSONValue?]])
    func withoutASubjectItIsNobodys(_ change: [String: JSONValue?]) {
        #expect(outcome(token(claims(change))) == "malformed")
    }

    @Test(arguments: [
        #"{"alg":"none"}"#, #"{"alg":"HS512"}"#, #"{"alg":"RS256"}"#, #"{"alg":"hs256"}"#, "{}",
        #"{"alg":"HS256","crit":["x"]}"#, "not JSON",
    ])
    func anotherAlgorithmIsRefused(_ header: String) {
        #expect(outcome(token(claims(), header: header)) == "untrusted")
    }

    @Test func everyChangedSignIsRefused() {
        let good = token(claims())
        var signs = Array(good.utf8)
        for index in signs.indices {
            let sign = signs[index]
            signs[index] = sign == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(outcome(String(decoding: signs, as: UTF8.self)) == "untrusted")
            signs[index] = sign
        }
        let parts = good.split(separator: ".")
        for other in ["\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])", "", "..", good + "."] {
            #expect(outcome(other) == "untrusted")
        }
        #expect(outcome(token(claims(), key: secret + "!")) == "untrusted")
    }

    @Test(arguments: [(119, true), (120, false), (-60, true), (-61, false)] as [(Int64, Bool)])
    func clocksMayDifferByAMinute(_ later: Int64, _ isGood: Bool) {
        #expect((outcome(token(claims()), at: nine + later) == "mzt-agent-1") == isGood)
    }
}

@Suite struct OpenIDTests {
    /// A provider that answers well but for what a test changes, and remembers its one code's login.
    private final class Provider: Sendable {
        struct Script: Sendable {
            var claims: [String: JSONValue?] = [:]
            var userInfoSubject = "mzt-agent-1"
            var accessToken = "at-1"
            var tokenType = "Bearer"
            var tokenStatus = HTTPResponseStatus.ok
            var tokenAnswer: String?
            var userInfoStatus = HTTPResponseStatus.ok
        }

        let script = Mutex(Script())
        private let query = Mutex<[String: String]>([:])
        private let codes = Mutex<Set<String>>(["code-1"])

        func begun(_ address: String) {
            query.withLock { $0 = fields(String(address.split(separator: "?").last ?? "")) }
        }

        func answer(
            _ request: ScriptedServer.Received
        ) -> (status: HTTPResponseStatus, text: String?) {
            let script = script.withLock { $0 }
            guard request.uri == "/token" else { return userInfo(request, script) }
            if let text = script.tokenAnswer { return (script.tokenStatus, text) }
            let asked = fields(request.body)
            let login = query.withLock { $0 }
            guard asked["client_secret"] == secret, asked["client_id"] == login["client_id"] else {
                return (.unauthorized, #"{"error":"invalid_client"}"#)
            }
            guard codes.withLock({ $0.remove(asked["code"] ?? "") }) != nil,
                asked["grant_type"] == "authorization_code",
                asked["redirect_uri"] == login["redirect_uri"],
                CodeChallenge.s256(verifier: asked["code_verifier"] ?? "")
                    == login["code_challenge"]
            else { return (.badRequest, #"{"error":"invalid_grant"}"#) }
            let idToken = token(claims(script.claims, nonce: login["nonce"] ?? ""))
            let answer = JSONValue.object([
                "access_token": .string(script.accessToken), "id_token": .string(idToken),
                "token_type": .string(script.tokenType),
            ])
            return (script.tokenStatus, answer.text)
        }

        private func userInfo(
            _ request: ScriptedServer.Received, _ script: Script
        ) -> (status: HTTPResponseStatus, text: String?) {
            guard request.authorization == "Bearer at-1" else { return (.unauthorized, "{}") }
            let agent = VouchedAgent.school
            let answer = JSONValue.object([
                "sub": .string(script.userInfoSubject),
                "agent": .object([
                    "name": .string(agent.name), "id_number": .string(agent.idNumber),
                    "phone": .string(agent.phone),
                ]),
                "unit": .object([
                    "name": .string(agent.unitName), "uscc": .string(agent.uscc),
                    "legal_representative_name": .string(agent.legalRepresentativeName),
                    "legal_representative_id_number": .string(agent.legalRepresentativeIDNumber),
                ]),
            ])
            return (script.userInfoStatus, answer.text)
        }

        private func fields(_ form: String) -> [String: String] {
            var fields: [String: String] = [:]
            for pair in form.split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                fields[String(parts[0])] =
                    parts.count == 2 ? String(parts[1]).removingPercents : ""
            }
            return fields
        }
    }

    private static func withHarness(
        _ body: (Harness, Provider) async throws -> Void
    ) async throws {
        let provider = Provider()
        let server = try await ScriptedServer { provider.answer($0) }
        let address = try #require(HTTPAddress(server.address))
        let harness = try Harness(
            openID: OpenIDProvider(
                address: address, loginAddress: address, rules: rules,
                clock: FixedClock(time: Timestamp(milliseconds: nine * 1_000)),
                post: HTTPPost(timeout: .seconds(10))))
        try await body(harness, provider)
        try await server.close()
    }

    private static func begin(
        _ harness: Harness, _ provider: Provider
    ) async throws -> Identity.BeginLoginReply {
        let begun = try await harness.identity().beginLogin(
            Identity.BeginLoginRequest(
                provider: "minzhengtong-oidc", redirect: Harness.callback))
        provider.begun(begun.address)
        return begun
    }

    private static func complete(
        _ harness: Harness, _ state: String, code: String = "code-1", ticket: String = ""
    ) async throws -> Identity.SignInReply {
        try await harness.identity().completeLogin(
            Identity.CompleteLoginRequest(state: state, ticket: ticket, code: code))
    }

    @Test func aCodeSignsInTheSamePersonAsATicket() async throws {
        try await Self.withHarness { harness, provider in
            let byTicket = try await harness.signIn(.school)
            let begun = try await Self.begin(harness, provider)
            #expect(begun.address.contains("code_challenge_method=S256"))
            #expect(!begun.address.contains("verifier"))
            let byCode = try await Self.complete(harness, begun.state)
            #expect(byCode.user?.personID == byTicket.user?.personID)
            #expect(byCode.user?.unit?.name == "福州市第一中学")
            #expect(try harness.number("SELECT count(*) FROM persons") == 1)
        }
    }

    @Test func everyLoginHasItsOwnStateNonceAndChallenge() async throws {
        try await Self.withHarness { harness, provider in
            let addresses = [
                try await Self.begin(harness, provider).address,
                try await Self.begin(harness, provider).address,
            ]
            for name in ["state=", "nonce=", "code_challenge="] {
                let values = addresses.map { address in
                    address.split(separator: "&").first { $0.hasPrefix(name) }
                }
                #expect(values[0] != nil && values[0] != values[1], "\(name)")
            }
        }
    }

    @Test func codesAndStatesWorkOnce() async throws {
        try await Self.withHarness { harness, provider in
            let first = try await Self.begin(harness, provider)
            _ = try await Self.complete(harness, first.state)
            #expect(
                try await refusal { try await Self.complete(harness, first.state) }.code
                    == .unauthenticated)
            let second = try await Self.begin(harness, provider)
            #expect(
                try await refusal { try await Self.complete(harness, second.state) }.code
                    == .unauthenticated, "the code was used")
        }
    }

    /// A code that was stolen from one login does not work in another: challenge and nonce differ.
    @Test func aCodeBelongsToItsOwnLogin() async throws {
        try await Self.withHarness { harness, provider in
            let attacker = try await harness.identity().beginLogin(
                Identity.BeginLoginRequest(
                    provider: "minzhengtong-oidc", redirect: Harness.callback))
            _ = try await Self.begin(harness, provider)
            let error = try await refusal { try await Self.complete(harness, attacker.state) }
            #expect(error.code == .unauthenticated)
        }
    }

    @Test(arguments: [("", ""), ("code-1", "t"), ("", "code-2"), ("x", "")])
    func exactlyOneProofIsNeeded(_ code: String, _ ticket: String) async throws {
        try await Self.withHarness { harness, provider in
            let begun = try await Self.begin(harness, provider)
            let error = try await refusal {
                try await Self.complete(harness, begun.state, code: code, ticket: ticket)
            }
            #expect(error.code == .unauthenticated)
        }
    }

    @Test func aTicketsStateTakesNoCodeOfTheOther() async throws {
        try await Self.withHarness { harness, provider in
            _ = try await Self.begin(harness, provider)
            let other = try await harness.identity().beginLogin(
                Identity.BeginLoginRequest(provider: "minzhengtong", redirect: Harness.callback))
            let error = try await refusal { try await Self.complete(harness, other.state) }
            #expect(error.code == .unauthenticated)
        }
    }

    @Test func onlyListedCallbacks() async throws {
        try await Self.withHarness { harness, _ in
            for address in [
                "http://127.0.0.1/callback/", "http://127.0.0.1/callback?x=1",
                "http://example.org/callback", "https://127.0.0.1/callback", "",
            ] {
                let error = try await refusal {
                    try await harness.identity().beginLogin(
                        Identity.BeginLoginRequest(
                            provider: "minzhengtong-oidc", redirect: address))
                }
                #expect(error.fields == ["redirect"], "\(address)")
            }
        }
    }

    private static let faults:
        [(name: String, code: RPCCode, change: @Sendable (inout Provider.Script) -> Void)] = [
            ("nonce", .unauthenticated, { $0.claims["nonce"] = .string("n-2") }),
            ("audience", .unauthenticated, { $0.claims["aud"] = .string("other") }),
            ("issuer", .unauthenticated, { $0.claims["iss"] = .string("https://x.example.org") }),
            ("expiry", .unauthenticated, { $0.claims["exp"] = .number("\(nine - 3_600)") }),
            ("another's claims", .unauthenticated, { $0.userInfoSubject = "mzt-agent-2" }),
            ("a token for a header", .internalError, { $0.accessToken = "a\r\nX: y" }),
            ("another access token", .internalError, { $0.accessToken = "at-2" }),
            ("token type", .internalError, { $0.tokenType = "mac" }),
            ("no JSON", .internalError, { $0.tokenAnswer = "<html>" }),
            ("no tokens", .internalError, { $0.tokenAnswer = "{}" }),
            (
                "unsigned", .unauthenticated,
                {
                    $0.tokenAnswer =
                        #"{"access_token":"at-1","token_type":"Bearer","id_token":"e30.e30."}"#
                }
            ),
            ("a failing userinfo", .internalError, { $0.userInfoStatus = .internalServerError }),
            (
                "a refused client", .internalError,
                {
                    $0.tokenStatus = .unauthorized
                    $0.tokenAnswer = #"{"error":"invalid_client"}"#
                }
            ),
        ]

    @Test(arguments: faults.indices)
    func whatIsMutatedIsRefused(_ index: Int) async throws {
        let fault = Self.faults[index]
        try await Self.withHarness { harness, provider in
            provider.script.withLock { fault.change(&$0) }
            let begun = try await Self.begin(harness, provider)
            let error = try await refusal { try await Self.complete(harness, begun.state) }
            #expect(error.code == fault.code, "\(fault.name): \(error)")
            #expect(try harness.number("SELECT count(*) FROM sessions") == 0)
            #expect(try harness.number("SELECT count(*) FROM units") == 0)
        }
    }
}

extension String {
    /// Of a form's value.
    fileprivate var removingPercents: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2 {
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                bytes.append(UInt8(digits, radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
