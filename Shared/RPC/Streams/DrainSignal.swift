import Synchronization

/// Tells handlers of long streams that the server shuts down: they end well in time, before they are cancelled.
package final class DrainSignal: Sendable {
    private struct State {
        var isDraining = false
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether the server takes no further calls.
    package var isDraining: Bool { state.withLock { $0.isDraining } }

    /// The shutdown begins.
    package func start() {
        let waiters = state.withLock { state in
            state.isDraining = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the shutdown has begun, or when the task is cancelled.
    package func wait() async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // A cancellation that came before is seen here, a later one finds the waiter.
                    guard !state.isDraining, !Task.isCancelled else { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
