import Messages
import RPC
import ServiceRuntime
import Storage
import Synchronization

/// Where calls wait for the steps that they began, and learn what came of them.
final class StepDesk: Sendable {
    /// Kept of a call's time for the answer's way back.
    static let margin = Duration.milliseconds(200)

    private struct State {
        var waiting: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
        var lastWaiter = 0
    }

    private let database: Database
    private let state = Mutex(State())

    init(database: Database) {
        self.database = database
    }

    /// The final answer of a step that was answered with `begun`; `begun` itself when it still waits at the
    /// deadline. A step that waits is never undone because of a timeout.
    /// - Throws: `failedPrecondition` with the facts when the other service refused.
    func settled(
        _ begun: Tasks.DecideReply, until deadline: ContinuousClock.Instant
    ) async throws(RPCError) -> Tasks.DecideReply {
        guard begun.state == .deciding else { return begun }
        let (signals, number) = enter(begun.decisionID)
        defer { leave(begun.decisionID, number) }
        // Looked up after entering: an answer that comes in between is not missed.
        if try reply(begun.decisionID) == nil {
            await Self.first(of: signals, until: deadline.advanced(by: .zero - Self.margin))
        }
        guard let reply = try reply(begun.decisionID) else { return begun }
        guard reply.state != .refused else {
            throw RPCError(
                serviceError: Refusal.precondition(reply.message, detail: reply.vacancy))
        }
        return reply
    }

    /// Wakes those who wait for the step: it has been finished, and that is on the disk.
    func finished(_ step: String) {
        let waiting = state.withLock { $0.waiting[step] ?? [:] }
        for waiter in waiting.values { waiter.yield() }
    }

    private func reply(_ step: String) throws(RPCError) -> Tasks.DecideReply? {
        try database.fetch { rows in try StepStore.step(step, rows)?.reply }
    }

    private func enter(_ step: String) -> (AsyncStream<Void>, Int) {
        let (signals, signal) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastWaiter += 1
            state.waiting[step, default: [:]][state.lastWaiter] = signal
            return state.lastWaiter
        }
        return (signals, number)
    }

    private func leave(_ step: String, _ number: Int) {
        state.withLock { state in
            state.waiting[step]?[number] = nil
            if state.waiting[step]?.isEmpty == true { state.waiting[step] = nil }
        }
    }

    /// Returns at the first signal, at the deadline, or when the call is cancelled.
    private static func first(
        of signals: AsyncStream<Void>, until deadline: ContinuousClock.Instant
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in signals { return } }
            group.addTask { try? await Task.sleep(until: deadline, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }
}
