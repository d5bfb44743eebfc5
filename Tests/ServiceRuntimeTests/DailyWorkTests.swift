import Domain
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// Once at the start, and once each day of the service's clock.
@Suite("Daily work", .timeLimit(.minutes(1)))
struct DailyWorkTests {
    private struct Failed: Error {}

    /// The days on which the work was done or tried, while the clock goes on by a day after each of them.
    private func days(_ count: Int, isRetried: Bool, failing: Int) async throws -> [CivilDay] {
        let test = try TestEnvironment(
            name: "daily-test", migrations: [], clockStart: "2022-04-19T09:00+08:00")
        let tried = Mutex<[CivilDay]>([])
        let (ticks, tick) = AsyncStream.makeStream(of: Void.self)
        let work = DailyWork(
            "testing", clock: test.clock, interval: .milliseconds(1), isRetried: isRetried,
            logger: test.environment.logger
        ) { today in
            let count = tried.withLock {
                $0.append(today)
                return $0.count
            }
            tick.yield()
            if count == failing { throw Failed() }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work.run() }
            var seen = 0
            for await _ in ticks {
                seen += 1
                if seen == count { break }
                if seen != failing || !isRetried { test.clock.advance(by: .seconds(86_400)) }
            }
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
        #expect(
            test.logged.count { $0.contains("testing: not done yet today") }
                == (failing > 0 ? 1 : 0))
        return tried.withLock { Array($0.prefix(count)) }
    }

    @Test("Each day once")
    func eachDay() async throws {
        let days = try await days(3, isRetried: true, failing: 0)
        #expect(days.map { "\($0)" } == ["2022-04-19", "2022-04-20", "2022-04-21"])
    }

    @Test("A day that failed is tried again, or waits for the next")
    func failure() async throws {
        let again = try await days(3, isRetried: true, failing: 2)
        #expect(again.map { "\($0)" } == ["2022-04-19", "2022-04-20", "2022-04-20"])
        let next = try await days(3, isRetried: false, failing: 2)
        #expect(next.map { "\($0)" } == ["2022-04-19", "2022-04-20", "2022-04-21"])
    }
}
