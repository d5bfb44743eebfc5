/// Someone who vouches for units and their agents, 闽政通 first of all.
protocol IdentityProvider: Sendable {
    /// What it is called in BeginLogin, "minzhengtong".
    var name: String { get }

    /// Where the browser is to go; the provider sends it back to `attempt.redirect` with a ticket or
    /// a code, and with `attempt.state`.
    func loginAddress(_ attempt: LoginAttempt) -> String

    /// Asks the provider, server to server, whom the ticket or the code stands for. It works once.
    func exchange(
        _ proof: String, of attempt: LoginAttempt
    ) async throws(ProviderError) -> VouchedAgent
}

/// One login under way. Nonce and verifier are derived from the state with a key that only this
/// service has, so that none of them waits in the database.
struct LoginAttempt: Sendable, Hashable {
    /// Where the browser comes back, as BeginLogin was told.
    let redirect: String
    /// Travels through the browser; works once.
    let state: String
    /// Comes back within the signed ID token.
    let nonce: String
    /// Of PKCE: shown to the provider's server only, never to the browser. 43 characters.
    let verifier: String
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
        /// The provider does not know the ticket or code: wrong, used, too old, or another login's.
        case refusedTicket
        /// What came back is not vouched for, or was meant for somebody else.
        case untrusted
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
