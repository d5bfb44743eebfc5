import BenchmarkLoad
import Logging
import RPCTransport
import ZhichengClient

/// `zhicheng-load port=N [call=echo|list|work|stream bytes=N] [connections=N] [tls=FOLDER service=NAME] [timeout=MS]
/// [inflight=N | rate=N] [seconds=N] [slowevery=N]` makes calls and prints a result; with a folder of
/// certificates over TLS, to a server whose certificate names the service.
@main
enum ZhichengLoad {
    static func main() async throws {
        guard let arguments = LoadArguments(Array(CommandLine.arguments.dropFirst())) else {
            print("usage: zhicheng-load port=N [name=value ...]")
            return
        }
        var configuration = ChannelConfiguration(peerName: "zhicheng-load/1@1")
        configuration.defaultTimeout = .milliseconds(arguments.number("timeout", default: 10_000))
        if let folder = arguments["tls"], let service = arguments["service"] {
            configuration.tls = ClientTLS(
                credentials: try TLSCredentials(folder: folder), serviceName: service)
        }
        let channels = (0..<arguments.connections).map { _ in
            TCPChannel(
                host: "127.0.0.1", port: arguments.port, configuration: configuration,
                logger: Logger(label: "load") { _ in SwiftLogNoOpLogHandler() })
        }
        if arguments.call == "stream" {
            try await StreamLoad(arguments).run(channels[0])
            return
        }
        let callers = channels.map { channel in
            Caller(
                executor: channel.executor, call: call(arguments.call, channel),
                slowCall: call("slow", channel))
        }
        try await Load(arguments).run(callers)
        for channel in channels { await channel.close() }
    }

    private static func call(_ name: String, _ channel: TCPChannel) -> Caller.Call {
        switch name {
        case "list": list(channel)
        case "slow": echo("bench.v1.Echo/Slow", channel)
        case "work": echo("bench.v1.Echo/Work", channel)
        default: echo("bench.v1.Echo/Get", channel)
        }
    }

    private static func echo(_ name: String, _ channel: TCPChannel) -> Caller.Call {
        let method = RPCMethod(name, readOnly: true)
        // With its field's tag and length a message of as many bytes as the others'.
        let message = Wire.Pair(value: [UInt8](repeating: 0x5A, count: Load.payloadBytes - 2))
        return {
            let reply: Wire.Pair = try await channel.unary(method, message, options: CallOptions())
            guard Load.isSame(reply.value, message.value) else { throw OtherReply() }
        }
    }

    private static func list(_ channel: TCPChannel) -> Caller.Call {
        let method = RPCMethod("bench.v1.List/Get", readOnly: true)
        var request = Tasks.ListTasksRequest(view: .pending)
        request.page = Common.PageRequest(
            size: UInt32(Load.rows), cursor: [UInt8](repeating: 0x5A, count: 92))
        let sent = request
        return {
            let reply: Tasks.ListTasksReply = try await channel.unary(
                method, sent, options: CallOptions())
            guard reply.tasks.count == Load.rows else { throw OtherReply() }
        }
    }
}

struct OtherReply: Error {}
