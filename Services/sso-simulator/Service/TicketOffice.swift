import Synchronization

/// What a ticket, a code or an access token stands for.
package struct Grant: Sendable, Hashable {
    package let person: LegalPerson
    package let clientID: String
    /// Of a code: what the token request is held against.
    package let authorization: Authorization?

    /// What the browser brought along for the authorization code flow.
    package struct Authorization: Sendable, Hashable {
        package let redirect: String
        package let nonce: String
        /// Of PKCE, method S256.
        package let codeChallenge: String

        package init(redirect: String, nonce: String, codeChallenge: String) {
            self.redirect = redirect
            self.nonce = nonce
            self.codeChallenge = codeChallenge
        }
    }

    package init(person: LegalPerson, clientID: String, authorization: Authorization? = nil) {
        self.person = person
        self.clientID = clientID
        self.authorization = authorization
    }
}

/// Hands out tickets, or codes, or access tokens, and takes each back once.
package final class TicketOffice: Sendable {
    /// How long a ticket is good for.
    package static let lifetime: Duration = .seconds(60)
    /// The most tickets that are out at a time; the oldest goes first.
    package static let mostTickets = 10_000

    private struct Ticket {
        let grant: Grant
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

    /// A new ticket, good once and for ``lifetime``.
    package func issue(_ grant: Grant) -> String {
        let ticket = makeTicket()
        let now = now()
        state.withLock { state in
            state.tickets = state.tickets.filter { $0.value.ends > now }
            if state.tickets.count >= Self.mostTickets,
                let oldest = state.tickets.min(by: { $0.value.ends < $1.value.ends })
            {
                state.tickets[oldest.key] = nil
            }
            state.tickets[ticket] = Ticket(grant: grant, ends: now + Self.lifetime)
        }
        return ticket
    }

    /// What the ticket stands for; nil when it is unknown, used, too old or another client's. It is gone
    /// afterwards in every case.
    /// - Parameter client: nil for an access token, whose bearer is asked no name.
    package func redeem(_ ticket: String, by client: String?) -> Grant? {
        let now = now()
        guard let found = state.withLock({ $0.tickets.removeValue(forKey: ticket) }),
            client == nil || found.grant.clientID == client, found.ends > now
        else { return nil }
        return found.grant
    }
}
