import Glibc
import Synchronization

/// The machine's clock.
package struct SystemWallClock: WallClock {
    /// The clock; it has no state.
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// A clock for development, demonstrations and tests (decision 11 of functions.md): starts at a
/// given time, ticks on with the machine's monotonic clock and can be moved forward.
package final class DevelopmentClock: WallClock {
    private let start: Timestamp
    private let started = ContinuousClock.now
    private let advancedMilliseconds = Mutex<Int64>(0)

    /// - Parameter text: "2022-04-19T09:00+08:00", also with seconds, also with "Z".
    /// - Throws: when the text is written otherwise.
    package init(startingAt text: String) throws(ValueFault) {
        start = try Timestamp(iso: text)
    }

    package func now() -> Timestamp {
        // Under the lock, so that no reader sees the time go back.
        advancedMilliseconds.withLock { advanced in
            let passed = (ContinuousClock.now - started) / .milliseconds(1)
            return Timestamp(milliseconds: start.milliseconds + advanced + Int64(passed))
        }
    }

    /// Moves the clock forward. A duration below a millisecond moves nothing.
    /// - Precondition: the duration is not negative and at most a hundred years.
    package func advance(by duration: Duration) {
        precondition(
            (.zero ... .seconds(100 * 366 * 86_400)).contains(duration),
            "the development clock moves forward only, by at most a hundred years")
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        advancedMilliseconds.withLock { $0 += milliseconds }
    }
}
