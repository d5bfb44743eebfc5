import BenchmarkLoad
import RPCTransport
import ZhichengClient

/// Takes the messages of one server stream for a while and prints one line of JSON about them.
struct StreamLoad: Sendable {
    private let seconds: Double
    private let message: Wire.Pair

    init(_ arguments: LoadArguments) {
        seconds = arguments.seconds
        message = Wire.Pair(
            value: [UInt8](repeating: 0x5A, count: arguments.number("bytes", default: 98)))
    }

    func run(_ channel: TCPChannel) async throws {
        let method = RPCMethod("bench.v1.Echo/Stream", readOnly: true, kind: .serverStream)
        try await withTaskExecutorPreference(channel.executor) {
            let stream = try await channel.open(method, request: message, options: CallOptions())
            _ = try await take(stream, for: .milliseconds(300))
            let cpuBefore = Load.cpuSeconds()
            let (messages, time) = try await take(stream, for: .seconds(seconds))
            let cpu = Load.cpuSeconds() - cpuBefore
            stream.cancel()
            print(
                """
                {"calls": \(messages), "seconds": \(Load.seconds(time)), "cpu_seconds": \(cpu), \
                "p50_us": 0, "p99_us": 0}
                """)
        }
        await channel.close()
    }

    private func take(
        _ stream: any MessageStream, for time: Duration
    ) async throws -> (messages: Int, time: Duration) {
        let began = ContinuousClock.now
        var messages = 0
        var now = began
        while now < began + time {
            // The clock costs as much as a small message: it is not asked for each.
            for _ in 0..<16 {
                let got = try await stream.next(Wire.Pair.self)
                guard got?.value.count == message.value.count else { throw OtherReply() }
            }
            messages += 16
            now = .now
        }
        return (messages, now - began)
    }
}
