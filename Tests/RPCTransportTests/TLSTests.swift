import Certificates
import Foundation
import MessageCoding
import Messages
import NIOCore
import NIOSSL
import RPC
import TestSupport
import Testing

@testable import RPCTransport

@Suite("TLS: who is who", .timeLimit(.minutes(1)))
struct TLSTests {
    @Test("The certificate names the service, whatever the Hello claims; none: a stranger")
    func identity() async throws {
        try await TLSServer.with { server in
            let name = try await server.withChannel(as: "task-aggregator") {
                try await $0.call(who).title
            }
            // The harness's Hello says "tester".
            #expect(name == "task-aggregator")
            #expect(try await server.stillAnswers())
            let claimed = try await server.answers(
                identity: try server.certificates.authority.issue(
                    "zhicheng", for: .client, validity: TestCertificates.validity(seconds: 60)))
            #expect(try Self.title(claimed) == "zhicheng")
        }
    }

    /// Certificates that the deployment's authority did not sign, or whose time it is not.
    enum Foreign: CaseIterable {
        case selfSigned, otherAuthority, expired, notYet, twin

        func identity(_ deployment: TestCertificates) throws -> String {
            let authority = deployment.authority
            switch self {
            case .selfSigned: return try TestCertificates.selfSigned("task-aggregator")
            case .otherAuthority, .twin:
                // The twin bears the true authority's name.
                let other = try CertificateAuthority(
                    name: self == .twin ? "test" : "other",
                    validity: TestCertificates.validity(seconds: 60))
                return try other.issue(
                    "task-aggregator", for: .service,
                    validity: TestCertificates.validity(seconds: 60))
            case .expired:
                return try authority.issue(
                    "task-aggregator", for: .service,
                    validity: TestCertificates.validity(seconds: -60))
            case .notYet:
                let later = Date(timeIntervalSinceNow: 600)
                return try authority.issue(
                    "task-aggregator", for: .service, validity: later..<later.addingTimeInterval(60)
                )
            }
        }
    }

    @Test(
        "A client's certificate that is not the deployment's: no call runs",
        arguments: Foreign.allCases)
    func foreignClients(foreign: Foreign) async throws {
        try await TLSServer.with { server in
            let answers = try await server.answers(
                identity: try foreign.identity(server.certificates))
            #expect(answers.isEmpty)
            #expect(server.calls.value == 0)
            #expect(try await server.stillAnswers())
        }
    }

    @Test(
        "A server's certificate of another authority, or its own, is refused at once",
        arguments: [Foreign.selfSigned, .otherAuthority, .twin])
    func foreignServers(foreign: Foreign) async throws {
        try await TLSServer.with(credentials: { certificates in
            let folder = try certificates.service("quota-service")
            let pem = try foreign.identity(certificates)
            try TestCertificates.writeIdentity(pem, in: folder)
            return folder
        }) { server in
            try await refused(server, by: "task-aggregator", to: "task-aggregator")
        }
    }

    @Test("A server's certificate whose time ran out is refused")
    func expiredServer() async throws {
        try await TLSServer.with(credentials: { try $0.service("quota-service", seconds: 2) }) {
            server in
            try await Task.sleep(for: .seconds(3))
            try await refused(server, by: "task-aggregator", to: "quota-service")
        }
    }

    @Test("A channel reaches the service that it means, or none")
    func otherService() async throws {
        try await TLSServer.with { server in
            try await refused(server, by: "task-aggregator", to: "archive-service")
            try await refused(server, by: nil, to: "archive-service")
            #expect(try await server.stillAnswers())
        }
    }

    @Test("The operator's certificate makes no server")
    func clientCertificateServes() async throws {
        try await TLSServer.with(credentials: { try $0.service("quota-service", use: .client) }) {
            server in
            try await refused(server, by: nil, to: "quota-service")
        }
    }

    private func refused(
        _ server: TLSServer, by name: String?, to service: String
    ) async throws {
        try await server.withChannel(as: name, to: service) { channel in
            let error = await failure { try await channel.call(who, timeout: .seconds(30)) }
            #expect(error?.code == .unauthenticated)
            #expect(error?.verdict == .notExecuted)
        }
        #expect(server.calls.value == 0)
    }

    @Test("TLS 1.2, another protocol inside, a service key: no call runs")
    func otherWays() async throws {
        try await TLSServer.with { server in
            #expect(try await server.answers { $0.maximumTLSVersion = .tlsv12 }.isEmpty)
            #expect(try await server.answers { $0.applicationProtocols = [] }.isEmpty)
            #expect(try await server.answers { $0.applicationProtocols = ["h2"] }.isEmpty)
            let key = Wire.Hello(
                version: 1, minVersion: 1, peer: "task-aggregator/1@1", authScheme: "service-key",
                auth: [UInt8](repeating: 1, count: 32))
            let answers = try await server.answers(hello: key)
            guard case .goaway(let goaway)? = answers.last?.body else {
                Issue.record("\(answers)")
                return
            }
            #expect(goaway.code == RPCCode.unauthenticated.rawValue)
            #expect(server.calls.value == 0)
            #expect(try await server.stillAnswers())
        }
    }

    static func title(_ answers: [Wire.Envelope]) throws -> String {
        guard case .response(let response)? = answers.last?.body else { return "no response" }
        return try Tasks.News(decoding: response.payload).title
    }
}

@Suite("TLS: connections", .timeLimit(.minutes(1)))
struct TLSConnectionTests {
    @Test("Bytes that are no TLS, and a handshake that goes no further, end that connection only")
    func noTLS() async throws {
        // Long enough for the handshake of a channel on a busy machine.
        try await TLSServer.with({ $0.limits.handshake = .seconds(10) }) { server in
            try await server.withChannel { channel in
                _ = try await channel.call(who)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for bytes in [
                        [], [0x16], [0x16, 3, 1, 2, 0, 1], [0, 0, 0, 0],
                        [0xff, 0xff, 0xff, 0xff, 0xff],
                        Array("GET / HTTP/1.1\r\n\r\n".utf8), try framed(hello),
                    ] as [[UInt8]] {
                        group.addTask {
                            try await withRawPeer(server.port) { peer in
                                // What comes is an alert at most; then the server closes.
                                do {
                                    try await peer.send(bytes)
                                    for try await _ in peer.inbound {}
                                } catch {
                                    // A reset is as good an end.
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                _ = try await channel.call(who)
            }
            #expect(server.calls.value == 2)
        }
    }

    @Test("A plaintext channel gets nowhere at a TLS port, a TLS channel nowhere at a plain one")
    func mismatch() async throws {
        try await TLSServer.with { server in
            try await withChannel(server.port) { channel in
                let error = await failure { try await channel.call(who, timeout: .seconds(1)) }
                #expect(error != nil)
            }
            #expect(server.calls.value == 0)
            let credentials = try TLSCredentials(
                authorityFile: server.certificates.authorityFile)
            try await withServer { port in
                let tls = ClientTLS(credentials: credentials, serviceName: "quota-service")
                try await withChannel(port, { $0.tls = tls }) { channel in
                    let error = await failure { try await channel.call(echo, timeout: .seconds(1)) }
                    #expect(error?.verdict == .notExecuted)
                }
            }
        }
    }

    @Test("Where plaintext is accepted beside TLS, it is anonymous, whatever it calls itself")
    func both() async throws {
        try await TLSServer.with({ $0.acceptsPlaintext = true }) { server in
            let plain = try await withChannel(server.port, { $0.peerName = "task-aggregator/1@1" })
            {
                try await $0.call(who).title
            }
            #expect(plain == "anonymous")
            let certified = try await server.withChannel(as: "task-aggregator") {
                try await $0.call(who).title
            }
            #expect(certified == "task-aggregator")
            #expect(try await server.stillAnswers())
        }
    }

    @Test("Connections over the limit are closed; the others go on")
    func connectionLimit() async throws {
        try await TLSServer.with({ $0.maxConnections = 1 }) { server in
            try await server.withChannel { channel in
                _ = try await channel.call(who)
                #expect(try await server.answers().isEmpty)
                _ = try await channel.call(who)
            }
        }
    }

    @Test("Large messages and many calls at once")
    func bulk() async throws {
        try await TLSServer.with { server in
            try await server.withChannel(as: "task-aggregator") { channel in
                let long = String(repeating: "职", count: 1 << 20)
                let reply = try await channel.call(echo, long)
                #expect(reply.title == long)
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<500 {
                        group.addTask {
                            try await channel.call(echo, "\(number)").title == "\(number)"
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
            }
        }
    }
}

@Suite("TLS: files of credentials")
struct TLSCredentialsTests {
    @Test("A service's folder names it, and tells no key")
    func good() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let certificates = try TestCertificates(folder: folder.path)
        let credentials = try TLSCredentials(folder: certificates.service("quota-service"))
        #expect(credentials.name == "quota-service")
        #expect("\(credentials)" == "TLSCredentials(quota-service)")
        var dumped = ""
        dump(credentials, to: &dumped)
        #expect(!dumped.contains("NIOSSL"))
        let user = try TLSCredentials(authorityFile: certificates.authorityFile)
        #expect(user.name == nil)
    }

    @Test("What is wrong with a file is said with its path")
    func faults() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let certificates = try TestCertificates(folder: folder.path)
        func fault(_ words: String, _ spoil: (String) throws -> Void) throws {
            let path = try certificates.service("quota-service")
            try spoil(path)
            let error = #expect(throws: TransportError.self) { try TLSCredentials(folder: path) }
            #expect(error?.description.contains(path) == true)
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
        func write(_ text: String) -> (String) throws -> Void {
            { try TestCertificates.writeIdentity(text, in: $0) }
        }
        let other = try certificates.service("archive-service")
        let foreign = try String(contentsOfFile: other + "/identity.pem", encoding: .utf8)
        try fault("zhicheng certs") { try FileManager.default.removeItem(atPath: $0 + "/ca.pem") }
        try fault("zhicheng certs") {
            try FileManager.default.removeItem(atPath: $0 + "/identity.pem")
        }
        try fault("chmod 600") {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o640], ofItemAtPath: $0 + "/identity.pem")
        }
        try fault("PEM", write(""))
        try fault("PEM", write("a letter"))
        try fault("PEM", write(String(foreign.prefix(foreign.count / 2))))
        try fault("at most", write(String(repeating: "a", count: 70_000)))
        try fault("exactly one service", write(try certificates.authority.pem))
        try fault("fit") { path in
            let own = try String(contentsOfFile: path + "/identity.pem", encoding: .utf8)
            let border = "-----BEGIN CERTIFICATE-----"
            let key = own.components(separatedBy: border)[0]
            try TestCertificates.writeIdentity(
                key + border + foreign.components(separatedBy: border)[1], in: path)
        }
        let late = try certificates.authority.issue(
            "quota-service", for: .service, validity: TestCertificates.validity(seconds: -60))
        try fault("over", write(late))
    }
}
