/// Someone who vouches for units and their agents, 闽政通 first of all.
protocol IdentityProvider: Sendable {
    /// What it is called in BeginLogin, "minzhengtong".
    var name: String { get }

    /// Where the browser is to go; the provider sends it back to `redirect` with a ticket and `state`.
    func loginAddress(redirect: String, state: String) -> String

    /// Asks the provider, server to server, whom the ticket stands for. A ticket works once.
    func exchange(ticket: String) async throws(ProviderError) -> VouchedAgent
}

/// A unit and the person who acts for it, as a provider vouches for them.
struct VouchedAgent: Sendable, Hashable {
    /// The provider's own name; with `subject` it is the person.
    let issuer: String
    let subject: String
    let name: String
    let idNumber: String
    let phone: String
    let unitName: String
    let uscc: String
    let legalRepresentativeName: String
    let legalRepresentativeIDNumber: String
}

/// Why a login at a provider did not end well. Messages hold no personal data.
struct ProviderError: Error, Sendable, CustomStringConvertible {
    enum Kind: Sendable, Hashable {
        /// The provider does not know the ticket: wrong, used, or too old.
        case refusedTicket
        /// The provider refuses this deployment: wrong client id or secret.
        case refusedClient
        /// No answer in time, or none at all.
        case unreachable
        /// An answer that cannot be read, or without a value that is needed.
        case malformed
    }

    let kind: Kind
    let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
