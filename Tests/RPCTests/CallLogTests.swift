import Logging
import RPC
import Synchronization
import Testing

/// Keeps what is logged.
private struct Recorder: LogHandler {
    final class Lines: Sendable {
        let all = Mutex<[(Logger.Level, String, Logger.Metadata)]>([])
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.all.withLock { $0.append((event.level, "\(event.message)", event.metadata ?? [:])) }
    }
}

@Suite("The call log")
struct CallLogTests {
    private let method = RPCMethod("quota.v1.Quota/ListRecords")

    private func context(isSampled: Bool = false, isKnown: Bool = true) -> RequestContext {
        RequestContext(
            method: method, peer: Peer(name: "a/1@1\nforged", isAuthenticated: isKnown),
            deadline: .now, trace: .start(isSampled: isSampled))
    }

    private func end(_ code: RPCCode?, milliseconds: Int64 = 1) -> ServedCall {
        ServedCall(
            error: code.map { RPCError(code: $0, message: "张三 secret", verdict: .never) },
            queueNanoseconds: 5_000, handlerNanoseconds: milliseconds * 1_000_000,
            requestBytes: 12, replyBytes: 34)
    }

    private func log(
        _ level: Logger.Level, now: @escaping @Sendable () -> Moment = { Moment(nanoseconds: 0) }
    ) -> (observe: (RequestContext, ServedCall) -> Void, lines: Recorder.Lines) {
        let lines = Recorder.Lines()
        let logger = Logger(label: "t") { _ in Recorder(lines: lines, logLevel: level) }
        let interceptor = CallLog(logger, slow: .seconds(1), now: now).interceptor
        return ({ interceptor.observe?($0, $1) }, lines)
    }

    @Test("How loud: good and fast is debug, a refusal info, slow notice, a fault warning")
    func levels() {
        let (observe, lines) = log(.trace)
        observe(context(), end(nil))
        observe(context(isSampled: true), end(nil))
        observe(context(), end(.failedPrecondition))
        observe(context(), end(.deadlineExceeded))
        observe(context(), end(nil, milliseconds: 1000))
        observe(context(), end(.internalError))
        #expect(
            lines.all.withLock { $0.map(\.0) } == [
                .debug, .info, .info, .notice, .notice, .warning,
            ])
    }

    @Test("What a line holds: nothing of messages, no name that was not proved")
    func content() throws {
        let (observe, lines) = log(.debug)
        let context = context(isKnown: false)
        observe(context, end(.notFound))
        let line = try #require(lines.all.withLock { $0.first })
        #expect(line.1 == "quota.v1.Quota/ListRecords NOT_FOUND")
        let trace = try #require(context.trace?.traceID)
        #expect(
            line.2 == [
                "peer": "anonymous", "verdict": "never", "queue_us": "5", "handler_us": "1000",
                "bytes_in": "12", "bytes_out": "34", "trace": "\(trace)",
            ])
    }

    @Test("A flood of bad calls does not fill the disk; how many lines are missing is told")
    func flood() throws {
        let box = Box()
        let (observe, lines) = log(.info) { Moment(nanoseconds: box.value) }
        for _ in 0..<1000 { observe(context(), end(.unauthenticated)) }
        #expect(lines.all.withLock { $0.count } == 200)
        box.value = 1_000_000_000
        observe(context(), end(.unauthenticated))
        #expect(lines.all.withLock { $0.last?.2["lines_left_out"] } == "800")
    }

    private final class Box: Sendable {
        private let number = Mutex<Int64>(0)
        var value: Int64 {
            get { number.withLock { $0 } }
            set { number.withLock { $0 = newValue } }
        }
    }
}
