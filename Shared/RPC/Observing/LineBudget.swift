package import Logging
import Synchronization

/// Log lines that strangers can cause: beyond some hundred at a stroke, and fifty a second, they are left
/// out and counted, so that nobody fills the disk.
package final class LineBudget: Sendable {
    private struct State {
        var rate = RateBudget(capacity: 200, perSecond: 50)
        /// Since the last line that was written.
        var withheld = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Takes one line.
    /// - Returns: how many lines were left out before it; nil: leave it out, too.
    package func take(at now: Moment = .now) -> Int? {
        state.withLock { state in
            guard state.rate.take(at: now) else {
                state.withheld += 1
                return nil
            }
            defer { state.withheld = 0 }
            return state.withheld
        }
    }

    /// Writes the line when it is within the budget.
    package func log(
        _ level: Logger.Level, _ message: @autoclosure () -> String, to logger: Logger
    ) {
        guard level >= logger.logLevel, let withheld = take() else { return }
        logger.log(
            level: level, "\(message())",
            metadata: withheld > 0 ? ["lines_left_out": "\(withheld)"] : nil)
    }
}
