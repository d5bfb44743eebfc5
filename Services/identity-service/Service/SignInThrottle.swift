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

/// Slows down who guesses passwords: after five wrong ones every further try of an account from the same
/// source has to wait, longer each time.
///
/// Only wrong passwords count, when they are found to be wrong; a right one takes none back, for nobody knows whose they
/// were. Tries that are being compared have a bound of their own, so that many at once are not one.
///
/// Each source counts by itself, so a stranger keeps nobody out elsewhere, and a unit's officers behind one
/// address do not wait for each other's accounts. Who guesses an account from many networks is held up by what
/// those fail together (`freeFailuresOfStrangers`); sources where the account has signed in before are spared that.
/// Kept in memory: a restart forgets it.
final class SignInThrottle: Sendable {
    /// Wrong passwords of an account from one source that cost nothing yet.
    static let freeFailures = 5
    /// The same from all sources together where it never signed in: twenty networks at their ease.
    static let freeFailuresOfStrangers = 100
    /// The most tries of an account from one source that are compared at once; a single one when it has to wait
    /// between them.
    static let mostAtOnce = 16
    /// The longest wait.
    static let longestWaitMilliseconds: Int64 = 5 * 60_000
    /// Wrong passwords are forgotten after this time without one.
    static let memoryMilliseconds: Int64 = 3_600_000
    /// The most that is remembered of each: wrong passwords, for accounts that exist or not, and sources of accounts.
    static let mostEntries = 20_000

    /// A try that may go ahead; it is given back to ``end(_:_:at:)``, once.
    struct Try: Sendable {
        fileprivate let own: Key
        /// Whether the account had never signed in there.
        fileprivate let isStrange: Bool

        /// What it is counted under.
        fileprivate var keys: [Key] {
            isStrange ? [own, Key(account: own.account, source: nil)] : [own]
        }
    }

    enum Begun: Sendable {
        case admitted(Try)
        /// Not before this time has passed.
        case wait(Duration)
    }

    /// What became of a try.
    enum Outcome: Sendable {
        case right, wrong
        /// It did not come to a comparison.
        case abandoned
    }

    fileprivate struct Key: Hashable {
        let account: String
        /// Nil for all where the account never signed in.
        let source: SignInSource?

        /// Wrong passwords that cost nothing yet.
        var free: Int { source == nil ? freeFailuresOfStrangers : freeFailures }
        /// Tries at once as long as nobody has to wait.
        var most: Int { source == nil ? .max : mostAtOnce }
    }

    private struct Entry {
        var wrong = 0
        var lastMilliseconds: Int64 = 0
        var comparing = 0

        mutating func forgetOld(at now: Timestamp) {
            if now.milliseconds - lastMilliseconds > memoryMilliseconds { wrong = 0 }
        }
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// Sources where the account signed in: the newer half, and what it followed.
        var familiar: Set<Key> = []
        var familiarBefore: Set<Key> = []

        func isFamiliar(_ key: Key) -> Bool {
            familiar.contains(key) || familiarBefore.contains(key)
        }
    }

    private let state = Mutex(State())

    /// Whether a try may go ahead.
    func begin(account: String, from source: SignInSource, at now: Timestamp) -> Begun {
        state.withLock { state in
            let own = Key(account: account, source: source)
            let begun = Try(own: own, isStrange: !state.isFamiliar(own))
            let left = begun.keys.map { Self.left(state.entries[$0], $0, at: now) }.max() ?? 0
            guard left <= 0 else { return .wait(.milliseconds(left)) }
            if state.entries.count >= Self.mostEntries { Self.forget(&state, at: now) }
            for key in begun.keys { state.entries[key, default: Entry()].comparing += 1 }
            return .admitted(begun)
        }
    }

    /// The try is over.
    func end(_ ended: Try, _ outcome: Outcome, at now: Timestamp) {
        state.withLock { state in
            for key in ended.keys {
                guard var entry = state.entries[key] else { continue }
                entry.comparing -= 1
                entry.forgetOld(at: now)
                if case .wrong = outcome {
                    entry.wrong += 1
                    entry.lastMilliseconds = now.milliseconds
                }
                state.entries[key] = entry.wrong + entry.comparing > 0 ? entry : nil
            }
            if case .right = outcome { Self.remember(ended.own, &state) }
        }
    }

    private static func remember(_ own: Key, _ state: inout State) {
        guard !state.familiar.contains(own) else { return }
        if state.familiar.count >= mostEntries / 2 {
            state.familiarBefore = state.familiar
            state.familiar = []
        }
        state.familiar.insert(own)
    }

    /// Milliseconds; 0 or less: nothing.
    private static func left(_ entry: Entry?, _ key: Key, at now: Timestamp) -> Int64 {
        guard var entry else { return 0 }
        entry.forgetOld(at: now)
        let isHeldUp = entry.wrong >= key.free
        // One is over in less than this.
        if entry.comparing >= (isHeldUp ? 1 : key.most) { return 1_000 }
        guard isHeldUp else { return 0 }
        let wait = min(
            longestWaitMilliseconds, 1_000 << Int64(min(entry.wrong - key.free, 20)))
        return entry.lastMilliseconds + wait - now.milliseconds
    }

    /// Makes room: what is old first, then what was wrong least. What is being compared stays: calls have a bound.
    private static func forget(_ state: inout State, at now: Timestamp) {
        let kept = state.entries.filter {
            now.milliseconds - $0.value.lastMilliseconds <= memoryMilliseconds
                || $0.value.comparing > 0
        }
        guard kept.count >= mostEntries else { return state.entries = kept }
        let most = kept.sorted {
            ($0.value.comparing > 0 ? 1 : 0, $0.value.wrong)
                > ($1.value.comparing > 0 ? 1 : 0, $1.value.wrong)
        }
        let comparing = most.prefix { $0.value.comparing > 0 }.count
        state.entries = Dictionary(
            uniqueKeysWithValues: most.prefix(max(mostEntries / 2, comparing))
                .map { ($0.key, $0.value) })
    }
}
