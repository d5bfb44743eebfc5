import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import IdentityService

/// A provider's server of one answer, on a free port of loopback.
private final class OneAnswerServer: Sendable {
    struct Received: Sendable {
        var uri = ""
        var contentType = ""
        var body = ""
    }

    private let received = Mutex(Received())
    private let channel: any Channel

    /// - Parameter answer: nil closes the connection without one.
    init(status: HTTPResponseStatus = .ok, answer: String?) async throws {
        let box = Box()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(status: status, answer: answer) { received in
                            box.server.withLock { $0?.received.withLock { $0 = received } }
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        box.server.withLock { $0 = self }
    }

    var address: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var lastRequest: Received { received.withLock { $0 } }

    func close() async throws { try await channel.close() }

    private final class Box: Sendable {
        let server = Mutex<OneAnswerServer?>(nil)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        let status: HTTPResponseStatus
        let answer: String?
        let note: @Sendable (Received) -> Void
        var received = Received()

        init(
            status: HTTPResponseStatus, answer: String?,
            note: @escaping @Sendable (Received) -> Void
        ) {
            self.status = status
            self.answer = answer
            self.note = note
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                received.uri = head.uri
                received.contentType = head.headers["content-type"].first ?? ""
            case .body(let buffer): received.body += String(buffer: buffer)
            case .end:
                note(received)
                guard let answer else {
                    context.close(promise: nil)
                    return
                }
                let head = HTTPResponseHead(
                    version: .http1_1, status: status,
                    headers: ["content-length": "\(answer.utf8.count)"])
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}

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
        let server = try await OneAnswerServer(status: status, answer: answer)
        defer { _ = server.address }
        let provider = try provider(server.address)
        var kind: ProviderError.Kind?
        do {
            _ = try await provider.exchange(ticket: "t")
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
        let server = try await OneAnswerServer(answer: Self.good)
        let agent = try await provider(server.address).exchange(ticket: "a b&c")
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
        let server = try await OneAnswerServer(answer: "")
        let address = server.address
        try await server.close()
        await #expect(throws: ProviderError.self) {
            try await provider(address).exchange(ticket: "t")
        }
    }

    @Test func ticketsAreBounded() async throws {
        let provider = try provider("http://127.0.0.1:9")
        for ticket in ["", String(repeating: "t", count: 513)] {
            do {
                _ = try await provider.exchange(ticket: ticket)
                Issue.record("a ticket of \(ticket.count) bytes was passed on")
            } catch {
                #expect(error.kind == .refusedTicket)
            }
        }
    }

    @Test func theLoginAddressCarriesEverythingEncoded() throws {
        #expect(
            try provider("http://127.0.0.1:7100").loginAddress(
                redirect: "http://127.0.0.1:4000/callback", state: "ab12")
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
            "sso-secret": "development-only", "sso-callbacks": "https://a.example.org/in",
        ])
        #expect(settings.provider?.clientID == "zhicheng")
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
            provider.loginAddress(redirect: "r", state: "s").hasPrefix("http://127.0.0.1:7100/"))
    }
}
