/// Calls at a steady rate, whatever becomes of the earlier ones: as a crowd of users behaves that knows
/// nothing of the server's state. A call's time counts from when it was due, so a generator that is
/// late hides nothing.
struct OpenLoop: Sendable {
    let callsPerSecond: Int
    /// One call in so many is the callers' slow one; 0: none.
    let slowEvery: Int

    private static let tick = Duration.milliseconds(1)

    /// Each caller sends its share from a task of its own.
    func run(for time: Duration, _ callers: [Caller]) async -> Tally {
        let began = ContinuousClock.now
        return await withTaskGroup(of: Tally.self) { group in
            for (index, caller) in callers.enumerated() {
                group.addTask(executorPreference: caller.executor) {
                    await share(of: index, among: callers.count, began, time, caller)
                }
            }
            return await group.reduce(into: Tally()) { $0 += $1 }
        }
    }

    private func share(
        of index: Int, among count: Int, _ began: ContinuousClock.Instant, _ time: Duration,
        _ caller: Caller
    ) async -> Tally {
        let interval = Duration.seconds(Double(count) / Double(callsPerSecond))
        // The callers' turns are spread over the interval.
        var due = began + interval * Double(index) / Double(count)
        var sent = 0
        return await withTaskGroup(of: Tally.self) { group in
            while due < began + time {
                let now = ContinuousClock.now
                while due <= now, due < began + time {
                    let scheduled = due
                    sent += 1
                    let isSlow = slowEvery > 0 && sent.isMultiple(of: slowEvery)
                    group.addTask(executorPreference: caller.executor) {
                        await isSlow
                            ? slowOne(caller) : one(caller, due: scheduled, end: began + time)
                    }
                    due += interval
                }
                try? await Task.sleep(until: max(due, now + Self.tick))
            }
            return await group.reduce(into: Tally()) { $0 += $1 }
        }
    }

    private func one(
        _ caller: Caller, due: ContinuousClock.Instant, end: ContinuousClock.Instant
    ) async -> Tally {
        do {
            try await caller.call()
            let now = ContinuousClock.now
            return Tally(latencies: [Load.seconds(now - due) * 1e6], late: now > end ? 1 : 0)
        } catch {
            return Tally(failed: 1)
        }
    }

    private func slowOne(_ caller: Caller) async -> Tally {
        do {
            try await caller.slowCall?()
            return Tally()
        } catch {
            return Tally(failed: 1)
        }
    }
}
