import Synchronization

/// A resource with a known capacity, as a disk or a database is: so many works at once, each of the same
/// time, first come, first served. What waits costs nothing; a call that gives up has still cost its turn.
final class Worker: Sendable {
    private let serviceTime: Duration
    /// When each of the places is free again.
    private let free: Mutex<[ContinuousClock.Instant]>

    init(places: Int, serviceTime: Duration) {
        self.serviceTime = serviceTime
        free = Mutex(Array(repeating: .now, count: places))
    }

    /// Returns when the work is done.
    func work() async throws {
        let now = ContinuousClock.now
        let done = free.withLock { free in
            let place = free.indices.min { free[$0] < free[$1] } ?? 0
            let done = max(free[place], now) + serviceTime
            free[place] = done
            return done
        }
        try await Task.sleep(until: done)
    }
}
