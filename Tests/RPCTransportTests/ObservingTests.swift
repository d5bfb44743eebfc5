import MessageCoding
import Messages
import RPC
import Synchronization
import Testing

@testable import RPCTransport

@Suite("What a server's interceptors see", .timeLimit(.minutes(1)))
struct ObservingTests {
    private final class Diary: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func write(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private let slow = RPCMethod("test.v1.Test/Slow")

    @Test(
        "Each call once, with how it ended and how many bytes; refused ones too",
        arguments: Way.allCases)
    func each(way: Way) async throws {
        let diary = Diary()
        let seeing = ServerInterceptor(observe: { call, end in
            diary.write(
                "\(call.method.name) \(end.code) \(end.requestBytes) \(end.replyBytes >= 5)"
                    + (call.trace == nil ? "" : " traced"))
        })
        let refusing = ServerInterceptor(prepare: { call throws(RPCError) in
            diary.write("prepares \(call.method.name)")
            if call.metadata["no"] != nil {
                throw RPCError(code: .permissionDenied, message: "no", verdict: .never)
            }
        })
        let load = ServerLoad()
        try await withChannel(
            way, routes(), interceptors: [seeing, refusing], load: load
        ) { channel in
            _ = try await channel.call(echo, "abc")
            var options = CallOptions()
            options.metadata.set("no", [1])
            _ = await failure { [options] in try await channel.call(echo, options: options) }
            _ = await failure { try await channel.call(slow) }
            #expect(load.reading.connections == (way == .socket ? 1 : 0))
            #expect(load.reading.running == 0)
        }
        #expect(
            diary.all == [
                "prepares test.v1.Test/Echo", "test.v1.Test/Echo OK 5 true traced",
                "prepares test.v1.Test/Echo", "test.v1.Test/Echo PERMISSION_DENIED 0 false traced",
                "unknown UNIMPLEMENTED 0 false traced",
            ])
    }
}
