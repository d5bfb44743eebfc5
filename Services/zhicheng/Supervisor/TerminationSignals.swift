import Dispatch
import Glibc

/// The signals that ask a process to end.
package enum TerminationSignals {
    package static let all: [Int32] = [SIGINT, SIGTERM, SIGHUP]

    /// The signals as they come, instead of their default action, for as long as somebody listens.
    package static func stream(of signals: [Int32] = all) -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let queue = DispatchQueue(label: "termination-signals")
            // A dispatch source may be cancelled from any thread.
            nonisolated(unsafe) let sources = signals.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in
                for source in sources { source.cancel() }
                // From now on a second Ctrl-C ends the process at once.
                for number in signals { signal(number, SIG_DFL) }
            }
        }
    }
}
