// What must not be written, and where it may be all the same. ARCHITECTURE.md has the reasons.

/// A way of writing that is kept out of the sources.
struct Habit: Sendable, CustomStringConvertible {
    /// What is found, as a regular expression over code without comments and strings.
    let pattern: String
    /// What to do instead.
    let instead: String
    /// Path beginnings to look in.
    let folders: [String]
    /// Exact paths that may, each with its reason.
    let allowed: [String: String]

    init(
        _ pattern: String, instead: String, in folders: [String] = ["Shared/", "Services/"],
        allowed: [String: String] = [:]
    ) {
        self.pattern = pattern
        self.instead = instead
        self.folders = folders
        self.allowed = allowed
    }

    var description: String { pattern }
}

let sourcesAndTests = ["Shared/", "Services/", "Tests/"]

let forbidden: [Habit] = [
    Habit(
        // Not the message `Tasks.Task`.
        #"(?<!Tasks\.)\bTask\s*(\.init\s*)?(\{|\(|<)"#,
        instead: "Run the work in a task group below `run()`, so that somebody waits for it.",
        in: sourcesAndTests,
        allowed: [
            "Shared/RPCTransport/ServerConnection.swift":
                "It keeps the handles of its handlers, to cancel and await them on close.",
            "Shared/RPC/InProcessChannel.swift":
                "A call that streams runs beside its caller, as behind a socket; the caller's end cancels it.",
        ]),
    Habit(
        #"\bTask\s*\.\s*(detached|immediateDetached)\b"#,
        instead: "Run the work in a task group below `run()`, so that somebody waits for it.",
        in: sourcesAndTests),
    Habit(
        #"\bTask\s*\.\s*immediate\b"#,
        instead: "Only the transport starts handlers this way; use a task group.",
        allowed: [
            "Shared/RPCTransport/ServerConnection.swift":
                "A handler starts on its connection's event loop; the connection keeps, cancels and awaits it."
        ]),
    Habit(#"\btry!"#, instead: "Handle the error, or let it travel.", in: sourcesAndTests),
    Habit(
        #"\bas!"#, instead: "Use `as?` and say what happens when it fails.", in: sourcesAndTests),
    Habit(
        #"\bfatalError\s*\("#,
        instead: "Use `precondition` for a programmer's error, a thrown error for the world's.",
        in: sourcesAndTests),
    Habit(
        #"\bProcessInfo\s*\.\s*processInfo\s*\.\s*environment\b|\bgetenv\s*\("#,
        instead: "The environment is read in a service's `Command/` only; take the value by init.",
        in: ["Shared/"] + services.map { "Services/\($0)/Service/" }),
    Habit(
        #"\bDate\s*\(\s*\)|\bDate\s*\.\s*now\b|\bContinuousClock\s*\(\s*\)\s*\.\s*now\b"#,
        instead: "Take the time from the injected clock.",
        in: services.map { "Services/\($0)/Service/" }),
]

private let services = [
    "identity-service", "archive-service", "declaration-service", "quota-service",
    "task-aggregator",
]

/// Ways around the compiler's checks: allowed with a comment on the line above (or at the line's
/// end) that says why it holds.
let needsReason: [String] = [
    #"@unchecked\s+Sendable\b"#,
    #"\bnonisolated\s*\(\s*unsafe\s*\)"#,
    #"\bunsafeBitCast\b"#,
    #"swift-format-ignore"#,
]

/// The most lines of a file that somebody wrote: more have two jobs.
let mostLinesOfAFile = 400
