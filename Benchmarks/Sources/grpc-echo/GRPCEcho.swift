import BenchmarkLoad
import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// The peer of the comparison: grpc-swift-2 on its NIO transport, echoing bytes.
/// `grpc-echo serve` prints `READY <port>`; `grpc-echo load PORT IN_FLIGHT SECONDS` prints a result.
@main
enum GRPCEcho {
    static let method = MethodDescriptor(fullyQualifiedService: "echo.Echo", method: "Get")

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "serve" {
            try await serve()
        } else if let load = LoadArguments(Array(arguments.dropFirst())) {
            try await run(load)
        } else {
            print("usage: grpc-echo serve | grpc-echo load PORT IN_FLIGHT SECONDS")
        }
    }

    private static func serve() async throws {
        let server = GRPCServer(
            transport: .http2NIOPosix(
                address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext),
            services: [Echo()])
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
            try await Load(arguments).run {
                let reply = try await client.unary(
                    request: ClientRequest(message: payload), descriptor: method,
                    serializer: BytesCoding(), deserializer: BytesCoding(), options: .defaults
                ) { try $0.message }
                guard reply == payload else { throw OtherReply() }
            }
        }
    }
}

struct OtherReply: Error {}

private struct Echo: RegistrableRPCService {
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: GRPCEcho.method, deserializer: BytesCoding(), serializer: BytesCoding()
        ) { request, _ in
            let single = try await ServerRequest(stream: request)
            return StreamingServerResponse(single: ServerResponse(message: single.message))
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
