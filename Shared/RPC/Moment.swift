import Glibc

/// A point in time on a clock that never goes back, for deadlines within this process.
///
/// `ContinuousClock.Instant` has a layout that is only known at run time: whatever holds one is copied
/// field by field by functions of the runtime. On the way of a call that is felt.
package struct Moment: Sendable, Hashable, Comparable {
    /// Since some time before the process began.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static var now: Moment {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(
            nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }

    /// The same time of the standard library's clock.
    package init(_ instant: ContinuousClock.Instant) {
        self = .now + ContinuousClock.now.duration(to: instant)
    }

    /// The same time of the standard library's clock.
    package var instant: ContinuousClock.Instant {
        ContinuousClock.now + Moment.now.duration(to: self)
    }

    /// Far off instead of beyond what can be told.
    package static func + (moment: Moment, duration: Duration) -> Moment {
        moment.advanced(byNanoseconds: duration.wholeNanoseconds)
    }

    package func advanced(byNanoseconds nanoseconds: Int64) -> Moment {
        let (sum, overflows) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return Moment(nanoseconds: overflows ? (nanoseconds < 0 ? .min : .max) : sum)
    }

    package func duration(to other: Moment) -> Duration { .nanoseconds(nanoseconds(to: other)) }

    /// Negative when the other is earlier.
    package func nanoseconds(to other: Moment) -> Int64 {
        let (difference, overflows) = other.nanoseconds.subtractingReportingOverflow(nanoseconds)
        return overflows ? (nanoseconds < 0 ? .max : .min) : difference
    }

    /// Whole microseconds; 0 when the other is earlier, the largest number when it is far off.
    package func microseconds(to other: Moment) -> UInt32 {
        UInt32(clamping: max(0, nanoseconds(to: other)) / 1000)
    }

    package static func < (left: Moment, right: Moment) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

extension Duration {
    /// Rounded towards zero; the largest number when there are more.
    package var wholeNanoseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000) }
    /// Rounded towards zero; the largest number when there are more.
    package var wholeMilliseconds: Int64 { Int64(clamping: attoseconds / 1_000_000_000_000_000) }
}
