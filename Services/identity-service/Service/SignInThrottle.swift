import Domain
import Synchronization

/// Slows down who guesses passwords: after five failures every further try of an account from a peer
/// has to wait, longer each time.
///
/// Peers where the account has signed in before count by themselves, so that strangers cannot lock its
/// owner out; all others count together, so that changing one's name does not help. Kept in memory: a
/// restart forgets it.
final class SignInThrottle: Sendable {
    /// Failures that cost nothing yet.
    static let freeFailures = 5
    /// The longest wait.
    static let longestWaitMilliseconds: Int64 = 5 * 60_000
    /// Failures are forgotten after this time without one.
    static let memoryMilliseconds: Int64 = 3_600_000
    /// The most accounts that are remembered, whether they exist or not.
    static let mostEntries = 20_000

    private struct Key: Hashable {
        let account: String
        /// Nil for peers where the account never signed in.
        let peer: String?
    }

    private struct Failures {
        var count: Int
        var lastMilliseconds: Int64
    }

    private struct State {
        var failures: [Key: Failures] = [:]
        var familiar: Set<Key> = []
    }

    private let state = Mutex(State())

    /// How long the next try has to wait; nil when it may go ahead.
    func wait(account: String, peer: String, at now: Timestamp) -> Duration? {
        state.withLock { state in
            guard let failures = state.failures[Self.key(account, peer, state)],
                failures.count >= Self.freeFailures
            else { return nil }
            let steps = min(failures.count - Self.freeFailures, 20)
            let wait = min(Self.longestWaitMilliseconds, 1_000 << Int64(steps))
            let left = failures.lastMilliseconds + wait - now.milliseconds
            return left > 0 ? .milliseconds(left) : nil
        }
    }

    func failed(account: String, peer: String, at now: Timestamp) {
        state.withLock { state in
            let key = Self.key(account, peer, state)
            if state.failures.count >= Self.mostEntries, state.failures[key] == nil {
                Self.forget(&state, at: now)
            }
            var failures = state.failures[key] ?? Failures(count: 0, lastMilliseconds: 0)
            if now.milliseconds - failures.lastMilliseconds > Self.memoryMilliseconds {
                failures.count = 0
            }
            failures.count += 1
            failures.lastMilliseconds = now.milliseconds
            state.failures[key] = failures
        }
    }

    func succeeded(account: String, peer: String) {
        state.withLock { state in
            state.failures[Self.key(account, peer, state)] = nil
            if state.familiar.count >= Self.mostEntries { state.familiar.removeAll() }
            state.familiar.insert(Key(account: account, peer: peer))
        }
    }

    private static func key(_ account: String, _ peer: String, _ state: State) -> Key {
        let own = Key(account: account, peer: peer)
        return state.familiar.contains(own) ? own : Key(account: account, peer: nil)
    }

    /// Makes room: what is old first, then what failed least.
    private static func forget(_ state: inout State, at now: Timestamp) {
        state.failures = state.failures.filter {
            now.milliseconds - $0.value.lastMilliseconds <= memoryMilliseconds
        }
        guard state.failures.count >= mostEntries else { return }
        let kept = state.failures.sorted { $0.value.count > $1.value.count }.prefix(mostEntries / 2)
        state.failures = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
