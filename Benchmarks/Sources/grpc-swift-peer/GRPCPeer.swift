import BenchmarkLoad
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import ListMessages
import SwiftProtobuf

/// The peer of the comparison: grpc-swift-2 on its NIO transport. It echoes bytes, and answers a list call
/// whose messages SwiftProtobuf encodes and decodes.
/// `grpc-swift-peer serve` prints `READY <port>`; `grpc-swift-peer load port=N [call=echo|list] …` prints a result.
@main
enum GRPCPeer {
    static let echo = MethodDescriptor(fullyQualifiedService: "echo.Echo", method: "Get")
    static let list = MethodDescriptor(fullyQualifiedService: "echo.List", method: "Get")

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "serve" {
            try await serve()
        } else if let load = LoadArguments(Array(arguments.dropFirst())) {
            try await run(load)
        }
    }

    private static func serve() async throws {
        let server = GRPCServer(
            transport: .http2NIOPosix(
                address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext),
            services: [Service()])
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await server.serve() }
            if let address = try await server.listeningAddress, let ipv4 = address.ipv4 {
                print("READY \(ipv4.port)")
                flushOutput()
            }
        }
    }

    private static func run(_ arguments: LoadArguments) async throws {
        try await withGRPCClient(
            transport: .http2NIOPosix(
                target: .ipv4(address: "127.0.0.1", port: arguments.port),
                transportSecurity: .plaintext)
        ) { client in
            let payload = [UInt8](repeating: 0x5A, count: Load.payloadBytes)
            let request = Bench_V1_ListRequest.sample
            let call: Caller.Call =
                if arguments.call == "list" {
                    {
                        let reply = try await client.unary(
                            request: ClientRequest(message: request), descriptor: list,
                            serializer: ProtobufCoding<Bench_V1_ListRequest>(),
                            deserializer: ProtobufCoding<Bench_V1_ListReply>(), options: .defaults
                        ) { try $0.message }
                        guard reply.tasks.count == Load.rows else { throw OtherReply() }
                    }
                } else {
                    {
                        let reply = try await client.unary(
                            request: ClientRequest(message: payload), descriptor: echo,
                            serializer: BytesCoding(), deserializer: BytesCoding(),
                            options: .defaults
                        ) { try $0.message }
                        guard Load.isSame(reply, payload) else { throw OtherReply() }
                    }
                }
            try await Load(arguments).run([Caller(call: call)])
        }
    }
}

struct OtherReply: Error {}

private struct Service: RegistrableRPCService {
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: GRPCPeer.echo, deserializer: BytesCoding(), serializer: BytesCoding()
        ) { request, _ in
            let single = try await ServerRequest(stream: request)
            return StreamingServerResponse(single: ServerResponse(message: single.message))
        }
        let reply = Bench_V1_ListReply.sample
        router.registerHandler(
            forMethod: GRPCPeer.list, deserializer: ProtobufCoding<Bench_V1_ListRequest>(),
            serializer: ProtobufCoding<Bench_V1_ListReply>()
        ) { request, _ in
            _ = try await ServerRequest(stream: request)
            return StreamingServerResponse(single: ServerResponse(message: reply))
        }
    }
}

/// Bytes as they are.
private struct BytesCoding: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
        Bytes(message)
    }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
        bytes.withUnsafeBytes { Array($0) }
    }
}

/// What grpc-swift-protobuf does.
private struct ProtobufCoding<Value: SwiftProtobuf.Message>: MessageSerializer,
    MessageDeserializer
{
    func serialize<Bytes: GRPCContiguousBytes>(_ message: Value) throws -> Bytes {
        let bytes: [UInt8] = try message.serializedBytes()
        return Bytes(bytes)
    }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Value {
        try bytes.withUnsafeBytes { try Value(serializedBytes: Array($0)) }
    }
}
