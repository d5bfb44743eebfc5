import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Counts what a simulation has done, and says so on standard error: on a terminal in place, otherwise now and then.
final class SimulationProgress: Sendable {
    /// What there is so far.
    struct Counts: Sendable, Codable {
        var units = 0
        var tasks = 0
        var declarations = 0
    }

    private struct State {
        var counts = Counts()
        var said = ContinuousClock.now
    }

    private let units: Int
    private let began = ContinuousClock.now
    private let state = Mutex(State())
    private let isTerminal = isatty(STDERR_FILENO) == 1

    /// - Parameter units: how many there are to be.
    init(units: Int) {
        self.units = units
    }

    var counts: Counts { state.withLock(\.counts) }
    var seconds: Double { (ContinuousClock.now - began) / .seconds(1) }

    /// A decision of a later node opens the next node's task.
    func add(units: Int = 0, tasks: Int = 0, declarations: Int = 0, decisions: Int = 0) {
        let line = state.withLock { state -> String? in
            state.counts.units += units
            state.counts.tasks += tasks + decisions
            state.counts.declarations += declarations
            let now = ContinuousClock.now
            guard now - state.said >= (isTerminal ? .milliseconds(200) : .seconds(10)) else {
                return nil
            }
            state.said = now
            return text(state.counts)
        }
        if let line { write(isTerminal ? "\r\(line)\u{1B}[K" : line + "\n") }
    }

    /// Clears the line.
    func end() {
        if isTerminal { write("\r\u{1B}[K") }
    }

    private func text(_ counts: Counts) -> String {
        "单位 \(counts.units)/\(units)，任务 \(counts.tasks)，申报 \(counts.declarations)，"
            + "\(Int(Double(counts.tasks) / max(seconds, 0.001))) 任务/秒"
    }

    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
