import Logging
import MessageCoding
import Messages
import NIOCore
import NIOPosix
import RPC
import ServiceLifecycle
import Testing

@testable import RPCTransport

/// Says nothing.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

let echo = RPCMethod("test.v1.Test/Echo", readOnly: true)

/// Routes with an echo, and what a test adds.
func routes(_ more: (inout RouteTable) -> Void = { _ in }) -> RouteTable {
    var routes = RouteTable()
    routes.unary(echo) { (news: Tasks.News, _) in news }
    more(&routes)
    return routes
}

func configuration(
    port: Int = 0, _ change: (inout ServerConfiguration) -> Void = { _ in }
) -> ServerConfiguration {
    var configuration = ServerConfiguration(
        host: "127.0.0.1", port: port, peerName: "test-service/1@0.1.0")
    // A busy machine may take its time; what tests of this limit they set themselves.
    configuration.limits.handshake = .seconds(60)
    change(&configuration)
    return configuration
}

/// A server that runs while the body does; then its calls are cancelled and awaited.
func withServer(
    _ routes: RouteTable = routes(), _ configuration: ServerConfiguration = configuration(),
    admission: @escaping Admission = { _ in }, interceptors: [ServerInterceptor] = [],
    load: ServerLoad = ServerLoad(),
    _ body: @Sendable (_ port: Int) async throws -> Void
) async throws {
    let server = RPCServer(
        configuration: configuration, routes: routes, admission: admission,
        interceptors: interceptors, load: load, logger: quiet)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        do {
            try await body(try await server.listeningPort())
        } catch {
            group.cancelAll()
            throw error
        }
        group.cancelAll()
    }
}

/// A channel to a port of this machine, closed after the body.
func withChannel<Result: Sendable>(
    _ port: Int, host: String = "127.0.0.1",
    _ change: (inout ChannelConfiguration) -> Void = { _ in },
    _ body: (TCPChannel) async throws -> Result
) async throws -> Result {
    var configuration = ChannelConfiguration(peerName: "tester/1@0.1.0")
    configuration.defaultTimeout = .seconds(60)
    configuration.limits.handshake = .seconds(60)
    change(&configuration)
    let channel = TCPChannel(
        host: host, port: port, configuration: configuration, logger: quiet)
    do {
        let result = try await body(channel)
        await channel.close()
        return result
    } catch {
        await channel.close()
        throw error
    }
}

extension RPCChannel {
    /// One call with news both ways.
    func call(
        _ method: RPCMethod, _ title: String = "", timeout: Duration? = nil,
        options: CallOptions = CallOptions()
    ) async throws -> Tasks.News {
        var options = options
        options.timeout = timeout
        return try await unary(method, Tasks.News(title: title), options: options)
    }
}

/// Something that happens once and that many may wait for: tests wait for it instead of sleeping.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func raise() { continuation.finish() }

    /// Returns when it was raised; throws when the task is cancelled first.
    func wait() async throws {
        for await _ in stream {}
        try Task.checkCancellation()
    }
}

/// A peer that sends what it likes, for bytes that no channel would send.
struct RawPeer {
    let inbound: NIOAsyncChannelInboundStream<ByteBuffer>
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    func send(_ envelopes: Wire.Envelope...) async throws {
        for envelope in envelopes { try await send(framed(envelope)) }
    }

    /// Reads until the other side closes.
    func envelopes() async throws -> [Wire.Envelope] {
        var found: [Wire.Envelope] = []
        try await eachEnvelope {
            found.append($0); return true
        }
        return found
    }

    /// Reads until the body says no more, or the other side closes.
    func eachEnvelope(_ body: (Wire.Envelope) async throws -> Bool) async throws {
        var unread = ByteBuffer()
        for try await var part in inbound {
            unread.writeBuffer(&part)
            while let length: UInt32 = unread.getInteger(at: unread.readerIndex),
                unread.readableBytes >= 4 + Int(length)
            {
                unread.moveReaderIndex(forwardBy: 4)
                guard let bytes = unread.readBytes(length: Int(length)) else { return }
                guard try await body(try Wire.Envelope(decoding: bytes)) else { return }
            }
        }
    }
}

func framed(_ envelope: Wire.Envelope) throws -> [UInt8] {
    let bytes = try envelope.encodedBytes()
    return withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { [UInt8]($0) } + bytes
}

/// Connects without saying Hello.
func withRawPeer(_ port: Int, _ body: @Sendable (RawPeer) async throws -> Void) async throws {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    try await channel.executeThenClose { inbound, outbound in
        try await body(RawPeer(inbound: inbound, outbound: outbound))
    }
}

let hello = Wire.Envelope(body: .hello(Wire.Hello(version: 1, minVersion: 1, peer: "raw/1@1")))

/// An echo request as another implementation would send it.
func echoRequest(_ id: UInt64, _ title: String = "") throws -> Wire.Envelope {
    Wire.Envelope(
        id: id,
        body: .request(
            Wire.Request(
                method: echo.name, payload: try Tasks.News(title: title).encodedBytes())))
}

/// How a call failed; nil when it did not.
func failure<Result>(_ body: () async throws -> Result) async -> RPCError? {
    do {
        _ = try await body()
        Issue.record("the call did not fail")
        return nil
    } catch {
        return error as? RPCError
    }
}
