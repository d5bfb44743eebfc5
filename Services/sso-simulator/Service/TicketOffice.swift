import Synchronization

/// Hands out tickets and takes each back once.
package final class TicketOffice: Sendable {
    /// How long a ticket is good for.
    package static let lifetime: Duration = .seconds(60)
    /// The most tickets that are out at a time; the oldest goes first.
    package static let mostTickets = 10_000

    private struct Ticket {
        let legalPerson: LegalPerson
        let clientID: String
        let ends: ContinuousClock.Instant
    }

    private struct State {
        var tickets: [String: Ticket] = [:]
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> ContinuousClock.Instant
    private let makeTicket: @Sendable () -> String

    /// - Parameters:
    ///   - now: the clock that ends tickets.
    ///   - makeTicket: a text that cannot be guessed, different at each call.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        makeTicket: @escaping @Sendable () -> String = TicketOffice.randomTicket
    ) {
        self.now = now
        self.makeTicket = makeTicket
    }

    /// 256 random bits, as 64 hex digits.
    package static func randomTicket() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// A new ticket for that client, good once and for ``lifetime``.
    package func issue(_ legalPerson: LegalPerson, to clientID: String) -> String {
        let ticket = makeTicket()
        let now = now()
        state.withLock { state in
            state.tickets = state.tickets.filter { $0.value.ends > now }
            if state.tickets.count >= Self.mostTickets,
                let oldest = state.tickets.min(by: { $0.value.ends < $1.value.ends })
            {
                state.tickets[oldest.key] = nil
            }
            state.tickets[ticket] = Ticket(
                legalPerson: legalPerson, clientID: clientID, ends: now + Self.lifetime)
        }
        return ticket
    }

    /// Whose ticket it is; nil when it is unknown, used, too old or another client's. It is gone
    /// afterwards in every case.
    package func redeem(_ ticket: String, by clientID: String) -> LegalPerson? {
        let now = now()
        guard let found = state.withLock({ $0.tickets.removeValue(forKey: ticket) }),
            found.clientID == clientID, found.ends > now
        else { return nil }
        return found.legalPerson
    }
}
