import RPC
import ServiceRuntime
import Synchronization

/// What other services may still believe about sessions (I9): an answer to ResolveSession is a lease of a few seconds, and
/// whoever ends or changes a session answers when every service that holds such a lease has dropped it, or the lease has ended.
///
/// Leases go to services that watch revocations. A question takes a ticket before it reads the session, a change ends leases
/// after its commit. So a lease was either noted before the change looked for it, or its question's ticket is older than the
/// change, and there is no lease.
final class LeaseBook: Sendable {
    /// Of one lease.
    static let duration = Duration.seconds(5)
    /// The most sessions with leases that are noted in so long a time; further answers are none.
    static let most = 50_000
    /// The most watches at once: a process has one.
    static let mostWatches = 64
    /// The most revocations that wait for a slow watcher; its leases end by themselves beyond that.
    private static let mostUnsent = 1_000

    private let now: @Sendable () -> Moment
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state: Mutex<State>

    /// - Parameter afterRestart: whether leases may be in force that an earlier process gave.
    init(
        afterRestart: Bool, now: @escaping @Sendable () -> Moment = { .now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = {
            try await Task.sleep(for: $0)
        }
    ) {
        self.now = now
        self.sleep = sleep
        let start = now()
        state = Mutex(
            State(began: start, unknownUntil: afterRestart ? start + Self.duration : start))
    }

    // MARK: questions

    /// To be taken before the session is read.
    struct Ticket: Sendable {
        fileprivate let changes: UInt64
    }

    func ticket() -> Ticket {
        Ticket(changes: state.withLock { $0.changes })
    }

    /// Notes a lease of what was read after the ticket.
    /// - Parameter watch: of who asked; 0 for nobody who watches.
    /// - Returns: how long it holds; nil for no lease.
    func grant(
        _ ticket: Ticket, to watch: UInt64, tokenHash: [UInt8], person: String, unit: String
    ) -> Duration? {
        let now = now()
        return state.withLock { state in
            guard state.changes == ticket.changes, state.watches[watch] != nil else { return nil }
            return state.note(tokenHash, person, unit, watch, until: now + Self.duration, at: now)
                ? Self.duration : nil
        }
    }

    // MARK: watches

    /// What a service is told: the hashes of tokens whose leases it is to drop. Numbered from 1 in each watch.
    struct Revocation: Sendable, Hashable {
        let sequence: UInt64
        let tokenHashes: [[UInt8]]
    }

    /// Begins a watch; nil when there are too many.
    func open() -> (id: UInt64, revocations: AsyncStream<Revocation>)? {
        let (revocations, told) = AsyncStream.makeStream(
            of: Revocation.self, bufferingPolicy: .bufferingOldest(Self.mostUnsent))
        let id = state.withLock { state -> UInt64? in
            guard state.watches.count < Self.mostWatches else { return nil }
            state.lastWatch += 1
            state.watches[state.lastWatch] = Watch(told: told)
            return state.lastWatch
        }
        return id.map { ($0, revocations) }
    }

    /// Everything up to that number was dropped.
    func acknowledge(_ watch: UInt64, upTo sequence: UInt64) {
        let waiters = state.withLock { state in
            state.watches[watch]?.acknowledged = sequence
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.yield() }
    }

    /// The watch ends; its leases end by themselves.
    func close(_ watch: UInt64) {
        state.withLock { $0.watches.removeValue(forKey: watch) }?.told.finish()
    }

    // MARK: changes

    /// Whose leases a change ends.
    enum Scope: Sendable, Hashable {
        /// The session of this token's hash.
        case session([UInt8])
        /// All sessions of the person.
        case person(String)
        /// All sessions for the unit.
        case unit(String)
    }

    /// Returns when no service uses an older answer about these sessions any more. After the change's commit.
    /// - Throws: `cancelled` when the caller waits no longer; the change stands all the same.
    func end(_ scope: Scope) async throws(RPCError) {
        let start = now()
        let (signal, waiter) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let (id, pending) = state.withLock { $0.change(scope, waiter, at: start) }
        defer { _ = state.withLock { $0.waiters.removeValue(forKey: id) } }
        guard !isOver(pending) else { return }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.sleep(start.duration(to: pending.last)) }
                group.addTask {
                    for await _ in signal where self.isOver(pending) { return }
                    try Task.checkCancellation()
                }
                try await group.next()
                group.cancelAll()
            }
        } catch {
            throw RPCError(
                code: .cancelled, message: "已办理，但其他服务在 5 秒内可能仍使用原登录状态",
                verdict: .never)
        }
    }

    private func isOver(_ pending: Pending) -> Bool {
        let now = now()
        return state.withLock { state in
            now >= pending.unknownUntil
                && pending.leases.allSatisfy { now >= $0.end || state.isAcknowledged($0) }
        }
    }
}

/// What a change waits for.
private struct Pending: Sendable {
    struct Lease: Sendable {
        let watch: UInt64
        /// The revocation that ends it; 0 when it could not be told.
        let sequence: UInt64
        let end: Moment
    }

    var leases: [Lease] = []
    /// Until then there may be leases that nobody knows of.
    let unknownUntil: Moment

    /// When all of them have ended by themselves.
    var last: Moment { leases.map(\.end).reduce(unknownUntil, max) }
}

private struct Watch: Sendable {
    let told: AsyncStream<LeaseBook.Revocation>.Continuation
    var sent: UInt64 = 0
    var acknowledged: UInt64 = 0
}

/// The leases of a session.
private struct SessionHolders: Sendable {
    let person: String
    let unit: String
    var holders: [UInt64: Holder] = [:]

    struct Holder: Sendable {
        let end: Moment
        /// The revocation that it was told in; 0 for none.
        var sequence: UInt64 = 0
    }
}

/// Two generations, each in use for at least a lease's duration after it began: what is dropped has ended.
private struct State: Sendable {
    private var generations: [[[UInt8]: SessionHolders]] = [[:], [:]]
    private var began: Moment
    private let unknownUntil: Moment
    /// How many changes there were.
    private(set) var changes: UInt64 = 0
    var watches: [UInt64: Watch] = [:]
    var lastWatch: UInt64 = 0
    var waiters: [UInt64: AsyncStream<Void>.Continuation] = [:]

    init(began: Moment, unknownUntil: Moment) {
        self.began = began
        self.unknownUntil = unknownUntil
    }

    mutating func note(
        _ key: [UInt8], _ person: String, _ unit: String, _ watch: UInt64, until end: Moment,
        at now: Moment
    ) -> Bool {
        if began + LeaseBook.duration < now {
            generations = [[:], generations[0]]
            began = now
        }
        guard generations[0].count < LeaseBook.most || generations[0][key] != nil else {
            return false
        }
        generations[0][key, default: SessionHolders(person: person, unit: unit)].holders[watch] =
            SessionHolders.Holder(end: end)
        return true
    }

    func isAcknowledged(_ lease: Pending.Lease) -> Bool {
        guard lease.sequence > 0, let watch = watches[lease.watch] else { return false }
        return watch.acknowledged >= lease.sequence
    }

    /// Tells every watcher with such a lease, in one message each.
    mutating func change(
        _ scope: LeaseBook.Scope, _ waiter: AsyncStream<Void>.Continuation, at now: Moment
    ) -> (waiter: UInt64, Pending) {
        changes += 1
        waiters[changes] = waiter
        var pending = Pending(unknownUntil: unknownUntil)
        var hashes: [UInt64: [[UInt8]]] = [:]
        for generation in generations.indices {
            for key in keys(of: scope, generation) {
                for (watch, holder) in generations[generation][key]?.holders ?? [:]
                where now < holder.end {
                    var sequence = holder.sequence
                    if sequence == 0, let open = watches[watch] {
                        hashes[watch, default: []].append(key)
                        sequence = open.sent + 1
                        generations[generation][key]?.holders[watch]?.sequence = sequence
                    }
                    pending.leases.append(
                        Pending.Lease(watch: watch, sequence: sequence, end: holder.end))
                }
            }
        }
        for (watch, hashes) in hashes {
            guard let open = watches[watch] else { continue }
            watches[watch]?.sent = open.sent + 1
            // What a slow watcher is not told is waited for.
            open.told.yield(
                LeaseBook.Revocation(sequence: open.sent + 1, tokenHashes: hashes))
        }
        return (changes, pending)
    }

    private func keys(of scope: LeaseBook.Scope, _ generation: Int) -> [[UInt8]] {
        switch scope {
        case .session(let key): generations[generation][key] == nil ? [] : [key]
        case .person(let id):
            generations[generation].filter { $0.value.person == id }.map(\.key)
        case .unit(let id): generations[generation].filter { $0.value.unit == id }.map(\.key)
        }
    }
}
