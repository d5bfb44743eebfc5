import Certificates
import Messages
import NIOCore
import NIOPosix
import NIOSSL
import RPC
import Synchronization
import TestSupport

@testable import RPCTransport

let who = RPCMethod("test.v1.Test/Who", readOnly: true)

/// A server under TLS as "quota-service", whose one method tells who calls and counts the calls.
struct TLSServer: Sendable {
    let certificates: TestCertificates
    let port: Int
    let calls: CallCount
    /// Its own, and the folder that they are from.
    let credentials: TLSCredentials
    let folder: String

    /// Lends a server that runs while the body does.
    /// - Parameter credentials: another folder of certificates than the deployment's own.
    static func with(
        _ change: @Sendable (inout ServerConfiguration) -> Void = { _ in },
        credentials: @Sendable (TestCertificates) throws -> String = {
            try $0.service("quota-service")
        }, _ body: @Sendable (TLSServer) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let certificates = try TestCertificates(folder: folder)
            let path = try credentials(certificates)
            let own = try TLSCredentials(folder: path)
            let calls = CallCount()
            let routes = routes {
                $0.unary(who) { (_: Tasks.News, context) in
                    calls.add()
                    return Tasks.News(
                        title: context.peer.isAuthenticated ? context.peer.name : "anonymous")
                }
            }
            let configuration = configuration {
                $0.credentials = own
                change(&$0)
            }
            try await withServer(routes, configuration) { port in
                try await body(
                    TLSServer(
                        certificates: certificates, port: port, calls: calls, credentials: own,
                        folder: path))
            }
        }
    }

    /// Calls as a service of the deployment, or without a certificate.
    func withChannel<Result: Sendable>(
        as name: String? = nil, to service: String = "quota-service",
        _ body: (TCPChannel) async throws -> Result
    ) async throws -> Result {
        let credentials =
            try name.map { try TLSCredentials(folder: certificates.service($0)) }
            ?? TLSCredentials(authorityFile: certificates.authorityFile)
        return try await withChannel(credentials, to: service, body)
    }

    /// Calls with these credentials, over a connection of its own.
    func withChannel<Result: Sendable>(
        _ credentials: TLSCredentials, to service: String = "quota-service",
        _ body: (TCPChannel) async throws -> Result
    ) async throws -> Result {
        try await RPCTransportTests.withChannel(
            port, { $0.tls = ClientTLS(credentials: credentials, serviceName: service) }, body)
    }

    /// Whoever has no other way: nobody minds that others fail.
    func stillAnswers() async throws -> Bool {
        try await withChannel { try await $0.call(who).title == "anonymous" }
    }

    /// Says Hello and calls, under TLS of the test's own making.
    /// - Parameter identity: private key and certificate to show.
    /// - Returns: what came before the server closed.
    func answers(
        identity: String? = nil,
        hello: Wire.Hello = Wire.Hello(version: 1, minVersion: 1, peer: "task-aggregator/1@1"),
        _ change: (inout TLSConfiguration) -> Void = { _ in }
    ) async throws -> [Wire.Envelope] {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(certificates.authorityFile)
        tls.applicationProtocols = ["zhicheng/1"]
        if let identity {
            let bytes = Array(identity.utf8)
            tls.certificateChain = [.certificate(try NIOSSLCertificate(bytes: bytes, format: .pem))]
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: bytes, format: .pem))
        }
        change(&tls)
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: "quota-service"))
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
        let found = Mutex<[Wire.Envelope]>([])
        do {
            try await channel.executeThenClose { inbound, outbound in
                let peer = RawPeer(inbound: inbound, outbound: outbound)
                try await peer.send(
                    Wire.Envelope(body: .hello(hello)),
                    Wire.Envelope(
                        id: 1, body: .request(Wire.Request(method: who.name))))
                try await peer.eachEnvelope { envelope in
                    found.withLock { $0.append(envelope) }
                    if case .response = envelope.body { return false }
                    return true
                }
            }
        } catch {
            // A refused handshake is one way to end; what came is what matters.
        }
        return found.withLock { $0 }
    }
}

/// How many handlers ran.
final class CallCount: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add() { count.add(1, ordering: .relaxed) }
}
