import Glibc

/// What every load generator is told: `PORT IN_FLIGHT SECONDS`.
public struct LoadArguments: Sendable {
    public let port: Int
    public let inFlight: Int
    public let seconds: Double

    /// Nil when the arguments are not these three.
    public init?(_ arguments: [String]) {
        guard arguments.count == 3, let port = Int(arguments[0]),
            let inFlight = Int(arguments[1]), inFlight > 0, let seconds = Double(arguments[2])
        else { return nil }
        self.port = port
        self.inFlight = inFlight
        self.seconds = seconds
    }
}

/// Keeps calls in flight for a while and prints one line of JSON about them.
public struct Load: Sendable {
    let arguments: LoadArguments

    public init(_ arguments: LoadArguments) {
        self.arguments = arguments
    }

    /// Bytes of the echoed message.
    public static let payloadBytes = 100

    /// - Parameter call: one echo; throws when it fails or another message comes back.
    public func run(_ call: @escaping @Sendable () async throws -> Void) async throws {
        try await loop(for: .milliseconds(300), call)
        let cpuBefore = Self.cpuSeconds()
        let began = ContinuousClock.now
        let latencies = try await loop(for: .seconds(arguments.seconds), call)
        let seconds = Self.seconds(ContinuousClock.now - began)
        let cpu = Self.cpuSeconds() - cpuBefore
        let sorted = latencies.sorted()
        print(
            """
            {"calls": \(sorted.count), "seconds": \(seconds), "cpu_seconds": \(cpu), \
            "p50_us": \(Self.quantile(sorted, 0.5)), "p99_us": \(Self.quantile(sorted, 0.99))}
            """)
    }

    @discardableResult
    private func loop(
        for time: Duration, _ call: @escaping @Sendable () async throws -> Void
    ) async throws -> [Double] {
        let end = ContinuousClock.now + time
        return try await withThrowingTaskGroup(of: [Double].self) { group in
            for _ in 0..<arguments.inFlight {
                group.addTask {
                    var latencies: [Double] = []
                    var now = ContinuousClock.now
                    while now < end {
                        try await call()
                        let after = ContinuousClock.now
                        latencies.append(Self.seconds(after - now) * 1e6)
                        now = after
                    }
                    return latencies
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    private static func quantile(_ sorted: [Double], _ q: Double) -> Double {
        sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * q))]
    }

    /// User and system time of this process.
    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
    }
}

/// Sends what `print` gathered on its way to the one who waits for it.
public func flushOutput() {
    fflush(nil)
}
