import NIOCore
import NIOHTTP1
import Testing

@testable import IdentityService

@Suite struct MinzhengtongTests {
    private func provider(_ address: String) throws -> MinzhengtongProvider {
        let address = try #require(HTTPAddress(address))
        return MinzhengtongProvider(
            address: address, loginAddress: address, clientID: "zhicheng", secret: "s&c=1",
            post: HTTPPost(timeout: .seconds(10)))
    }

    private func kind(
        of answer: String?, status: HTTPResponseStatus = .ok
    ) async throws -> ProviderError.Kind? {
        let server = try await ScriptedServer { _ in (status, answer) }
        let provider = try provider(server.address)
        var kind: ProviderError.Kind?
        do {
            _ = try await provider.exchange("t", of: .test)
        } catch {
            kind = error.kind
        }
        try await server.close()
        return kind
    }

    private static let good = """
        {"agent":{"id_number":"350199198106069043","name":"陈经办","phone":"13900000001",\
        "subject":"mzt-agent-1"},"success":true,"unit":{"legal_representative_id_number":\
        "350199196801019030","legal_representative_name":"林校长","name":"福州市第一中学",\
        "uscc":"12350100488000011A"}}
        """

    @Test func exchangesATicketWithTheFormField() async throws {
        let server = try await ScriptedServer { _ in (.ok, Self.good) }
        let agent = try await provider(server.address).exchange("a b&c", of: .test)
        #expect(agent.subject == "mzt-agent-1" && agent.unitName == "福州市第一中学")
        #expect(agent.legalRepresentativeIDNumber == "350199196801019030")
        #expect(agent.issuer == "minzhengtong")
        let request = server.lastRequest
        #expect(request.uri == "/exchange")
        #expect(request.contentType == "application/x-www-form-urlencoded")
        let wanted = #"{"client_id":"zhicheng","secret":"s&c=1","ticket":"a b&c"}"#
        #expect(request.body == "POSTPARAM_JSON=" + percentEncoded(wanted))
        try await server.close()
    }

    @Test func refusals() async throws {
        #expect(
            try await kind(
                of: #"{"success":false,"error":"invalid_ticket"}"#, status: .badRequest)
                == .refusedTicket)
        #expect(
            try await kind(
                of: #"{"success":false,"error":"unknown_client"}"#, status: .unauthorized)
                == .refusedClient)
        #expect(try await kind(of: "<html>", status: .badGateway) == .malformed)
        #expect(try await kind(of: #"{"success":false}"#) == .malformed)
        #expect(try await kind(of: #"{"success":true}"#) == .malformed)
        #expect(
            try await kind(of: Self.good.replacingAll("mzt-agent-1", with: "")) == .malformed)
        #expect(try await kind(of: String(repeating: " ", count: 70_000)) == .malformed)
        #expect(try await kind(of: nil) == .unreachable)
        #expect(try await kind(of: Self.good) == nil)
    }

    @Test func nobodyListens() async throws {
        let server = try await ScriptedServer { _ in (.ok, "") }
        let address = server.address
        try await server.close()
        await #expect(throws: ProviderError.self) {
            try await provider(address).exchange("t", of: .test)
        }
    }

    @Test func ticketsAreBounded() async throws {
        let provider = try provider("http://127.0.0.1:9")
        for ticket in ["", String(repeating: "t", count: 513)] {
            do {
                _ = try await provider.exchange(ticket, of: .test)
                Issue.record("a ticket of \(ticket.count) bytes was passed on")
            } catch {
                #expect(error.kind == .refusedTicket)
            }
        }
    }

    @Test func theLoginAddressCarriesEverythingEncoded() throws {
        #expect(
            try provider("http://127.0.0.1:7100").loginAddress(.test)
                == "http://127.0.0.1:7100/login?client_id=zhicheng"
                + "&redirect=http%3A%2F%2F127.0.0.1%3A4000%2Fcallback&state=ab12")
    }
}

extension String {
    fileprivate func replacingAll(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}

@Suite struct SettingsTests {
    @Test func withoutAnAddressThereIsNoProvider() throws {
        #expect(try IdentitySettings([:]).provider == nil)
        #expect(try IdentitySettings([:]).callbacks.allows("http://127.0.0.1:5555/callback"))
    }

    @Test func aWholeSetting() throws {
        let settings = try IdentitySettings([
            "sso-address": "http://127.0.0.1:7100", "sso-client-id": "zhicheng",
            "sso-secret": "a secret of more than thirty-two bytes",
            "sso-oidc-issuer": "https://sso.example.org",
            "sso-callbacks": "https://a.example.org/in",
        ])
        #expect(settings.provider?.clientID == "zhicheng")
        #expect(settings.openID?.rules.issuer == "https://sso.example.org")
        #expect(settings.providers.map(\.name) == ["minzhengtong", "minzhengtong-oidc"])
        #expect(settings.callbacks.allows("https://a.example.org/in"))
        #expect(!settings.callbacks.allows("http://127.0.0.1/callback"))
    }

    @Test(arguments: [
        ["sso-adress": "http://127.0.0.1"],
        ["sso-address": "127.0.0.1:80", "sso-client-id": "z", "sso-secret": "s"],
        ["sso-address": "http://127.0.0.1:80", "sso-secret": "s"],
        ["sso-address": "http://127.0.0.1:80", "sso-client-id": "z"],
        [
            "sso-address": "http://127.0.0.1:80", "sso-client-id": "z", "sso-secret": "s",
            "sso-secret-file": "f",
        ],
        [
            "sso-address": "http://127.0.0.1:80", "sso-client-id": "z",
            "sso-secret-file": "/nonexistent/secret",
        ],
        ["sso-address": "http://sso.example.org", "sso-client-id": "z", "sso-secret": "s"],
        ["sso-address": "https://127.0.0.1", "sso-client-id": "z", "sso-secret": "s"],
        ["sso-callbacks": "http://127.0.0.1/callback,nonsense"],
        ["sso-oidc-issuer": "https://sso.example.org"],
        [
            "sso-address": "http://127.0.0.1:80", "sso-client-id": "z", "sso-secret": "short",
            "sso-oidc-issuer": "https://sso.example.org",
        ],
        [
            "sso-address": "http://127.0.0.1:80", "sso-client-id": "z",
            "sso-secret": "a secret of more than thirty-two bytes", "sso-oidc-issuer": "no address",
        ],
    ])
    func whatIsWrongIsSaid(_ settings: [String: String]) {
        #expect(throws: (any Error).self) { try IdentitySettings(settings) }
    }

    @Test func plaintextBeyondLoopbackMustBeAllowed() throws {
        let settings = [
            "sso-address": "http://sso-simulator:7100", "sso-client-id": "z", "sso-secret": "s",
            "sso-allow-plaintext": "yes", "sso-login-address": "http://127.0.0.1:7100",
        ]
        let provider = try #require(try IdentitySettings(settings).provider)
        #expect(
            provider.loginAddress(.test).hasPrefix("http://127.0.0.1:7100/"))
    }
}
