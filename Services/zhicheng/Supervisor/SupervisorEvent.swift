/// How a process ended.
package enum Ending: Sendable, Hashable, CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(let signal): "signal \(signal)"
        }
    }
}

/// What happens to the children.
package enum SupervisorEvent: Sendable, Hashable {
    case started(name: String, processID: Int32)
    /// The child said that it answers at that address, "127.0.0.1:7004".
    case ready(name: String, address: String)
    /// The child ended by itself and is started again after the pause.
    case restarting(name: String, Ending, after: Duration)
    /// The child was told to stop.
    case stopping(name: String)
    /// The child ended for good.
    case stopped(name: String, Ending)
}

/// A line that a child wrote.
package struct ChildLine: Sendable, Hashable {
    package enum Stream: Sendable, Hashable { case output, error }

    package let name: String
    package let stream: Stream
    /// Without its line break; at most ``LineBuffer/mostBytes`` bytes.
    package let text: String
}

/// Why a supervisor gave up; its children are stopped.
package enum SupervisorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The executable cannot be started at all.
    case cannotStart(name: String, executable: String, reason: String)
    /// The child ended with ``configurationExitCode``; `lastLine` is the last of its standard error.
    case configuration(name: String, lastLine: String)
    /// These were not ready in time; `lastLine` is the last that one of them wrote on standard error.
    case notReady(names: [String], limit: Duration, lastLine: String)

    package var description: String {
        switch self {
        case .cannotStart(let name, let executable, let reason):
            "\(name) cannot be started: \(executable): \(reason)"
        case .configuration(let name, let lastLine):
            lastLine.isEmpty ? "\(name) stopped with a configuration error" : lastLine
        case .notReady(let names, let limit, let lastLine):
            "\(names.joined(separator: ", ")) not ready within \(limit)"
                + (lastLine.isEmpty ? "" : "; last line: \(lastLine)")
        }
    }
}
