package import Domain
package import Logging
import ServiceLifecycle

/// Work that is due once at the start, and once each day of the service's clock.
package struct DailyWork: Service {
    private let name: String
    private let clock: any WallClock
    private let interval: Duration
    private let isRetried: Bool
    private let logger: Logger
    private let work: @Sendable (CivilDay) async throws -> Void

    /// - Parameters:
    ///   - name: for the log, when it fails.
    ///   - interval: how often the clock is looked at.
    ///   - isRetried: whether a day on which it failed is tried again, after the interval.
    ///   - work: with the day of UTC+8.
    package init(
        _ name: String, clock: any WallClock, interval: Duration = .seconds(1),
        isRetried: Bool = true, logger: Logger,
        work: @escaping @Sendable (CivilDay) async throws -> Void
    ) {
        self.name = name
        self.clock = clock
        self.interval = interval
        self.isRetried = isRetried
        self.logger = logger
        self.work = work
    }

    /// Does the work once, now.
    package func perform() async throws { try await work(CivilDay(clock.now())) }

    /// Runs until cancelled.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var (done, told): (CivilDay?, CivilDay?)
            while !Task.isCancelled {
                let today = CivilDay(clock.now())
                if today != done {
                    do {
                        try await work(today)
                        done = today
                    } catch {
                        guard !Task.isCancelled else { return }
                        if told != today {
                            logger.warning(
                                "\(name): not done yet today", metadata: ["error": "\(error)"])
                        }
                        told = today
                        if !isRetried { done = today }
                    }
                }
                try? await Task.sleep(for: interval)
            }
        }
    }
}
