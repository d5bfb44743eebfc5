package import Logging

/// A line for each call, without anything of its messages: what was called by whom, how it ended, where
/// the time went.
package final class CallLog: Sendable {
    private let logger: Logger
    private let slowNanoseconds: Int64
    private let now: @Sendable () -> Moment
    private let lines = LineBudget()

    /// - Parameter slow: a call that took so long is worth a line, although it succeeded.
    package init(
        _ logger: Logger, slow: Duration, now: @escaping @Sendable () -> Moment = { .now }
    ) {
        self.logger = logger
        slowNanoseconds = slow.wholeNanoseconds
        self.now = now
    }

    /// Writes the line of each call; those above debug within a budget.
    package var interceptor: ServerInterceptor {
        ServerInterceptor(observe: { [self] in write($0, $1) })
    }

    private func write(_ call: RequestContext, _ end: ServedCall) {
        let level = level(call, end)
        guard level >= logger.logLevel else { return }
        var withheld = 0
        if level > .debug {
            guard let leftOut = lines.take(at: now()) else { return }
            withheld = leftOut
        }
        var facts: Logger.Metadata = [
            "peer": "\(call.peer.knownName)",
            "queue_us": "\(end.queueNanoseconds / 1000)",
            "handler_us": "\(end.handlerNanoseconds / 1000)",
            "bytes_in": "\(end.requestBytes)",
            "bytes_out": "\(end.replyBytes)",
        ]
        if let error = end.error { facts["verdict"] = "\(error.verdict)" }
        if call.attempt > 0 { facts["attempt"] = "\(call.attempt)" }
        if let trace = call.trace { facts["trace"] = "\(trace.traceID)" }
        if withheld > 0 { facts["lines_left_out"] = "\(withheld)" }
        logger.log(level: level, "\(call.method.name) \(end.code)", metadata: facts)
    }

    private func level(_ call: RequestContext, _ end: ServedCall) -> Logger.Level {
        switch end.code {
        case .ok:
            // A stream lasts as long as its caller likes.
            if call.method.kind == .unary,
                end.queueNanoseconds + end.handlerNanoseconds >= slowNanoseconds
            {
                return .notice
            }
            return call.trace?.isSampled == true ? .info : .debug
        case .internalError, .unknown, .dataLoss, .unavailable: return .warning
        case .deadlineExceeded, .unimplemented: return .notice
        default: return .info
        }
    }
}

extension Peer {
    /// What a log may hold of a name: only a name that was proved, never what a stranger wrote.
    package var knownName: String { isAuthenticated ? name : "anonymous" }
}
