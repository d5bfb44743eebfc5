import Domain
import RPC
import Synchronization

/// Where a try to sign in comes from. An anonymous peer's name is a claim, its network is not; a service that signs
/// users in for others is one source, whatever addresses it has.
enum SignInSource: Sendable, Hashable {
    case service(String)
    case network(PeerNetwork)
    /// The same process.
    case here

    init(_ peer: Peer) {
        self =
            peer.isAuthenticated
            ? .service(peer.kind) : peer.network.map(SignInSource.network) ?? .here
    }
}

/// Slows down who guesses passwords: after five failures every further try of an account from the same
/// source has to wait, longer each time.
///
/// Each source counts by itself, so a stranger keeps nobody out elsewhere, and a unit's officers behind one
/// address do not wait for each other's accounts. Who guesses an account from many networks is held up by what
/// those fail together (`freeFailuresOfStrangers`); sources where the account has signed in before are spared that.
/// Kept in memory: a restart forgets it.
final class SignInThrottle: Sendable {
    /// Failures of an account from one source that cost nothing yet.
    static let freeFailures = 5
    /// The same from all sources together where it never signed in: twenty networks at their ease.
    static let freeFailuresOfStrangers = 100
    /// The longest wait.
    static let longestWaitMilliseconds: Int64 = 5 * 60_000
    /// Failures are forgotten after this time without one.
    static let memoryMilliseconds: Int64 = 3_600_000
    /// The most that is remembered of each: failures, for accounts that exist or not, and sources of accounts.
    static let mostEntries = 20_000

    private struct Key: Hashable {
        let account: String
        /// Nil for all where the account never signed in.
        let source: SignInSource?
    }

    private struct Failures {
        var count = 0
        var lastMilliseconds: Int64 = 0
    }

    private struct State {
        var failures: [Key: Failures] = [:]
        /// Sources where the account signed in: the newer half, and what it followed.
        var familiar: Set<Key> = []
        var familiarBefore: Set<Key> = []

        func isFamiliar(_ key: Key) -> Bool {
            familiar.contains(key) || familiarBefore.contains(key)
        }
    }

    private let state = Mutex(State())

    /// How long the next try has to wait; nil when it may go ahead.
    func wait(account: String, from source: SignInSource, at now: Timestamp) -> Duration? {
        state.withLock { state in
            let own = Key(account: account, source: source)
            var left = Self.left(state.failures[own], free: Self.freeFailures, at: now)
            if !state.isFamiliar(own) {
                let all = state.failures[Key(account: account, source: nil)]
                left = max(left, Self.left(all, free: Self.freeFailuresOfStrangers, at: now))
            }
            return left > 0 ? .milliseconds(left) : nil
        }
    }

    func failed(account: String, from source: SignInSource, at now: Timestamp) {
        state.withLock { state in
            let own = Key(account: account, source: source)
            Self.count(own, &state, at: now)
            if !state.isFamiliar(own) {
                Self.count(Key(account: account, source: nil), &state, at: now)
            }
        }
    }

    func succeeded(account: String, from source: SignInSource) {
        state.withLock { state in
            let own = Key(account: account, source: source)
            state.failures[own] = nil
            guard !state.familiar.contains(own) else { return }
            if state.familiar.count >= Self.mostEntries / 2 {
                state.familiarBefore = state.familiar
                state.familiar = []
            }
            state.familiar.insert(own)
        }
    }

    /// Milliseconds; 0 or less: nothing.
    private static func left(_ failures: Failures?, free: Int, at now: Timestamp) -> Int64 {
        guard let failures, failures.count >= free else { return 0 }
        let wait = min(longestWaitMilliseconds, 1_000 << Int64(min(failures.count - free, 20)))
        return failures.lastMilliseconds + wait - now.milliseconds
    }

    private static func count(_ key: Key, _ state: inout State, at now: Timestamp) {
        if state.failures.count >= mostEntries, state.failures[key] == nil {
            forget(&state, at: now)
        }
        var failures = state.failures[key] ?? Failures()
        if now.milliseconds - failures.lastMilliseconds > memoryMilliseconds { failures.count = 0 }
        failures.count += 1
        failures.lastMilliseconds = now.milliseconds
        state.failures[key] = failures
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
