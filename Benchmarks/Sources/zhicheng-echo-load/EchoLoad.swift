import BenchmarkLoad
import Logging
import RPCTransport
import ZhichengClient

/// `zhicheng-echo-load PORT IN_FLIGHT SECONDS [FOLDER SERVICE]` keeps calls in flight over one connection and
/// prints a result; with a folder of certificates over TLS, to a server whose certificate names the service.
@main
enum EchoLoad {
    static func main() async throws {
        let given = Array(CommandLine.arguments.dropFirst())
        guard given.count == 3 || given.count == 5,
            let arguments = LoadArguments(Array(given.prefix(3)))
        else {
            print("usage: zhicheng-echo-load PORT IN_FLIGHT SECONDS [FOLDER SERVICE]")
            return
        }
        var configuration = ChannelConfiguration(peerName: "zhicheng-echo-load/1@1")
        if given.count == 5 {
            configuration.tls = ClientTLS(
                credentials: try TLSCredentials(folder: given[3]), serviceName: given[4])
        }
        let channel = TCPChannel(
            host: "127.0.0.1", port: arguments.port, configuration: configuration,
            logger: Logger(label: "load") { _ in SwiftLogNoOpLogHandler() })
        let method = RPCMethod("bench.v1.Echo/Get", readOnly: true)
        // With its field's tag and length a message of as many bytes as the others'.
        let message = Wire.Pair(value: [UInt8](repeating: 0x5A, count: Load.payloadBytes - 2))
        try await withTaskExecutorPreference(channel.executor) {
            try await Load(arguments).run {
                let reply: Wire.Pair = try await channel.unary(
                    method, message, options: CallOptions())
                guard reply == message else { throw OtherReply() }
            }
        }
        await channel.close()
    }
}

struct OtherReply: Error {}
