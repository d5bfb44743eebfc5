import Glibc

/// One connection's way to make a call.
public struct Caller: Sendable {
    let executor: (any TaskExecutor)?
    let call: Call
    let slowCall: Call?

    /// One call; throws when it fails or another message comes back.
    public typealias Call = @Sendable () async throws -> Void

    /// - Parameters:
    ///   - executor: where the connection's work is done; nil: anywhere.
    ///   - slowCall: what open loop makes in place of one call in `slowevery`; its time is not counted.
    public init(
        executor: (any TaskExecutor)? = nil, call: @escaping Call, slowCall: Call? = nil
    ) {
        self.executor = executor
        self.call = call
        self.slowCall = slowCall
    }
}

/// Makes calls for a while and prints one line of JSON about them.
public struct Load: Sendable {
    let arguments: LoadArguments

    public init(_ arguments: LoadArguments) {
        self.arguments = arguments
    }

    /// Bytes of the echoed message, and of a list call's request.
    public static let payloadBytes = 100
    /// Rows of a list call's reply.
    public static let rows = 50

    /// Whether a reply is what was sent. `==` of arrays looks at each element, which is seen in a call's time.
    public static func isSame(_ reply: [UInt8], _ sent: [UInt8]) -> Bool {
        reply.count == sent.count && memcmp(reply, sent, sent.count) == 0
    }

    /// Warms up, then measures: with a rate open loop, else with calls in flight, shared out among the callers.
    public func run(_ callers: [Caller]) async throws {
        let warmUp = try await loop(for: .milliseconds(300), callers)
        let cpuBefore = Self.cpuSeconds()
        let began = ContinuousClock.now
        let tally = try await loop(for: .seconds(arguments.seconds), callers)
        let seconds = Self.seconds(ContinuousClock.now - began)
        let cpu = Self.cpuSeconds() - cpuBefore
        let sorted = tally.latencies.sorted()
        print(
            """
            {"calls": \(sorted.count), "late": \(tally.late), "failed": \(tally.failed), \
            "all_calls": \(sorted.count + tally.failed + warmUp.latencies.count + warmUp.failed), \
            "seconds": \(seconds), "cpu_seconds": \(cpu), \
            "p50_us": \(Self.quantile(sorted, 0.5)), "p99_us": \(Self.quantile(sorted, 0.99))}
            """)
    }

    private func loop(for time: Duration, _ callers: [Caller]) async throws -> Tally {
        if let rate = arguments.rate {
            await OpenLoop(
                callsPerSecond: rate, slowEvery: arguments.number("slowevery", default: 0)
            ).run(for: time, callers)
        } else {
            try await closedLoop(for: time, callers)
        }
    }

    private func closedLoop(for time: Duration, _ callers: [Caller]) async throws -> Tally {
        let end = ContinuousClock.now + time
        return try await withThrowingTaskGroup(of: Tally.self) { group in
            for index in 0..<arguments.inFlight {
                let caller = callers[index % callers.count]
                group.addTask(executorPreference: caller.executor) {
                    var tally = Tally()
                    var now = ContinuousClock.now
                    while now < end {
                        try await caller.call()
                        let after = ContinuousClock.now
                        tally.latencies.append(Self.seconds(after - now) * 1e6)
                        now = after
                    }
                    return tally
                }
            }
            return try await group.reduce(into: Tally()) { $0 += $1 }
        }
    }

    /// The duration in seconds.
    public static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    private static func quantile(_ sorted: [Double], _ q: Double) -> Double {
        sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * q))]
    }

    /// User and system time of this process.
    public static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
    }
}

/// What became of calls.
struct Tally: Sendable {
    /// Of the calls that were answered, in µs.
    var latencies: [Double] = []
    /// How many of these were answered after the time in which calls were made.
    var late = 0
    var failed = 0

    static func += (left: inout Tally, right: Tally) {
        left.latencies += right.latencies
        left.late += right.late
        left.failed += right.failed
    }
}

/// Sends what `print` gathered on its way to the one who waits for it.
public func flushOutput() {
    fflush(nil)
}
