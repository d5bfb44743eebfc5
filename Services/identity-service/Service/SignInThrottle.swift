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

    /// Counts a try as a failure until it succeeds, so that many at once are not one.
    /// - Returns: how long it has to wait; nil when it may go ahead.
    func begin(account: String, from source: SignInSource, at now: Timestamp) -> Duration? {
        state.withLock { state in
            let own = Key(account: account, source: source)
            let all = state.isFamiliar(own) ? nil : Key(account: account, source: nil)
            let left = max(
                Self.left(state.failures[own], free: Self.freeFailures, at: now),
                Self.left(
                    all.flatMap { state.failures[$0] }, free: Self.freeFailuresOfStrangers, at: now)
            )
            guard left <= 0 else { return .milliseconds(left) }
            Self.count(own, &state, at: now)
            if let all { Self.count(all, &state, at: now) }
            return nil
        }
    }

    /// The try did not come to a comparison.
    func abandoned(account: String, from source: SignInSource) {
        state.withLock { Self.takeBack(account, source, &$0) }
    }

    func succeeded(account: String, from source: SignInSource) {
        state.withLock { state in
            let own = Key(account: account, source: source)
            Self.takeBack(account, source, &state)
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

    private static func takeBack(_ account: String, _ source: SignInSource, _ state: inout State) {
        let own = Key(account: account, source: source)
        state.failures[own]?.count -= 1
        if !state.isFamiliar(own) {
            state.failures[Key(account: account, source: nil)]?.count -= 1
        }
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
