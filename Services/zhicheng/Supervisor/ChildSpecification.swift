/// A program that the supervisor keeps running.
///
/// What the program does for it:
/// - It writes one line `READY <name> <host>:<port>` on standard output once it answers.
/// - It ends when standard input closes. The supervisor holds the other end of that pipe and never
///   writes to it, so a supervisor that dies, however it dies, leaves no orphan.
/// - It ends with exit code 78 (EX_CONFIG) when a new start cannot help.
/// - It stops in good order on SIGTERM.
package struct ChildSpecification: Sendable {
    /// Unique among the children; the prefix of its log lines: "quota-service".
    package let name: String
    /// Path of the executable.
    package let executable: String
    /// Arguments after the program's name.
    package let arguments: [String]
    /// Added to the supervisor's own environment.
    package let environment: [String: String]

    package init(
        name: String, executable: String, arguments: [String] = [],
        environment: [String: String] = [:]
    ) {
        self.name = name
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }
}

/// When and how often things are tried again.
package struct SupervisorPolicy: Sendable {
    /// The pause before the first new start; it doubles with each further one.
    package var firstPause: Duration = .milliseconds(100)
    /// The longest pause.
    package var longestPause: Duration = .seconds(5)
    /// A child that lived this long starts again with the first pause.
    package var settledAfter: Duration = .seconds(10)
    /// How long all children together may take until each was ready once: a new version may have a large database to change.
    package var startupLimit: Duration = .seconds(300)
    /// How long children may take to stop after SIGTERM, before SIGKILL.
    package var stopLimit: Duration = .seconds(10)

    package init() {}
}

/// The exit code that says that a new start cannot help.
package let configurationExitCode: Int32 = 78

/// The pauses between the starts of one child.
struct Backoff {
    private let policy: SupervisorPolicy
    private var next: Duration

    init(_ policy: SupervisorPolicy) {
        self.policy = policy
        next = policy.firstPause
    }

    /// The pause after a process that lived that long.
    mutating func pause(afterLifeOf life: Duration) -> Duration {
        if life >= policy.settledAfter { next = policy.firstPause }
        let pause = min(next, policy.longestPause)
        next = min(next * 2, policy.longestPause)
        return pause
    }
}
