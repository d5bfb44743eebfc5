import RPC
import ServiceRuntime
import Synchronization

/// What other services may still believe about sessions (I9): an answer to ResolveSession is a lease of a few seconds, and
/// whoever ends or changes a session answers only when no lease says otherwise any more.
///
/// A question takes a ticket before it reads the session, a change ends leases after its commit. So a lease was either noted
/// before the change looked for it, or its question's ticket is older than the change, and there is no lease.
final class LeaseBook: Sendable {
    /// Of one lease.
    static let duration = Duration.seconds(5)
    /// The most leases that are noted in so long a time; further answers are none.
    static let most = 50_000

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

    /// To be taken before the session is read.
    struct Ticket: Sendable {
        fileprivate let changes: UInt64
    }

    /// Whose leases a change ends.
    enum Scope: Sendable, Hashable {
        /// The session of this token's hash.
        case session([UInt8])
        /// All sessions of the person.
        case person(String)
        /// All sessions for the unit.
        case unit(String)
    }

    func ticket() -> Ticket {
        Ticket(changes: state.withLock { $0.changes })
    }

    /// Notes a lease of what was read after the ticket.
    /// - Returns: how long it holds; nil for no lease.
    func grant(
        _ ticket: Ticket, tokenHash: [UInt8], person: String, unit: String
    ) -> Duration? {
        let now = now()
        return state.withLock { state in
            guard state.changes == ticket.changes else { return nil }
            return state.note(
                tokenHash, Lease(person: person, unit: unit, end: now + Self.duration), at: now)
                ? Self.duration : nil
        }
    }

    /// Returns when no service uses an older answer about these sessions any more. After the change's commit.
    /// - Throws: `deadlineExceeded` or `cancelled` when the caller waits no longer; the change stands all the same.
    func end(_ scope: Scope) async throws(RPCError) {
        let now = now()
        let end = state.withLock { $0.change(scope) }
        guard now < end else { return }
        do {
            try await sleep(now.duration(to: end))
        } catch {
            throw RPCError(
                code: .cancelled, message: "已办理，但其他服务在 5 秒内可能仍使用原登录状态",
                verdict: .never)
        }
    }

    private struct Lease {
        let person: String
        let unit: String
        let end: Moment
    }

    /// Two generations, each in use for at least a lease's duration after it began: what is dropped has ended.
    private struct State {
        private var younger: [[UInt8]: Lease] = [:]
        private var older: [[UInt8]: Lease] = [:]
        private var began: Moment
        private let unknownUntil: Moment
        /// How many changes there were.
        private(set) var changes: UInt64 = 0

        init(began: Moment, unknownUntil: Moment) {
            self.began = began
            self.unknownUntil = unknownUntil
        }

        mutating func note(_ key: [UInt8], _ lease: Lease, at now: Moment) -> Bool {
            if began + LeaseBook.duration < now {
                older = younger
                younger = [:]
                began = now
            }
            guard younger.count < LeaseBook.most || younger[key] != nil else { return false }
            younger[key] = lease
            return true
        }

        /// - Returns: when the last lease of the scope ends.
        mutating func change(_ scope: Scope) -> Moment {
            changes += 1
            var end = unknownUntil
            for generation in [younger, older] {
                switch scope {
                case .session(let key): end = max(end, generation[key]?.end ?? end)
                case .person(let id):
                    for lease in generation.values where lease.person == id {
                        end = max(end, lease.end)
                    }
                case .unit(let id):
                    for lease in generation.values where lease.unit == id {
                        end = max(end, lease.end)
                    }
                }
            }
            return end
        }
    }
}
