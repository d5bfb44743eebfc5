import Glibc
import Synchronization

/// Runs work that takes a processor for long on a few threads of its own, while tasks wait.
///
/// A thread is started when there is work for it and ends when nothing waits: an idle pool has
/// none.
final class WorkPool: Sendable {
    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let threads: Int
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - threads: works done at once.
    ///   - waiting: works beyond these; more are refused.
    init(threads: Int, waiting: Int) {
        self.threads = threads
        limit = waiting
    }

    /// Runs the work, after those that came before.
    /// - Throws: ``PasswordError/busy`` when too many wait; what the work throws.
    func run<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try admit { continuation.resume(with: Swift.Result { try work() }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private func admit(_ work: @escaping @Sendable () -> Void) throws(PasswordError) {
        let startsThread = try state.withLock { state throws(PasswordError) in
            if state.running < threads {
                state.running += 1
                return true
            }
            guard state.waiting.count < limit else { throw .busy }
            state.waiting.append(work)
            return false
        }
        guard startsThread else { return }
        let body: @Sendable () -> Void = { [self] in
            var next: (@Sendable () -> Void)? = work
            while let work = next {
                work()
                next = following()
            }
        }
        // When the system has no thread to give: on this one, as slow is better than never.
        if !isStarted(ThreadBody(body)) { body() }
    }

    /// The work that has waited longest; when there is none, the thread is to end.
    private func following() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}

private final class ThreadBody {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

/// Starts a thread that ends with the body; false when the system has none to give.
private func isStarted(_ body: ThreadBody) -> Bool {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(body)
    let code = unsafe pthread_create(
        &thread, nil,
        { context in
            if let context = unsafe context {
                unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            }
            return nil
        }, context.toOpaque())
    guard code == 0 else {
        unsafe context.release()
        return false
    }
    _ = pthread_detach(thread)
    return true
}
