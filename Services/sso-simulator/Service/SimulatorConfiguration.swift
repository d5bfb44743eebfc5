/// What a simulator is made with.
package struct SimulatorConfiguration: Sendable {
    /// The secret of each application that may use the provider, by its `client_id`.
    package let clients: [String: String]
    package let callbacks: CallbackList
    package let accounts: [LegalPerson]
    /// How ID tokens name this provider.
    package let issuer: String

    /// The application and the callbacks of a development machine; the secret is none.
    package static let developmentClient = "zhicheng"
    package static let developmentSecret = "development-only-and-no-secret-at-all"
    package static let developmentIssuer = "https://minzhengtong.simulator.example"
    package static let developmentCallbacks = [
        "http://127.0.0.1/callback", "http://localhost/callback",
    ]

    /// - Parameters:
    ///   - clients: "ID=SECRET" each; without any, the development client.
    ///   - callbacks: allowed redirects; without any, `/callback` on loopback, any port.
    /// - Throws: when one of them is malformed or given twice.
    package init(
        clients: [String] = [], callbacks: [String] = [],
        accounts: [LegalPerson] = LegalPerson.demonstration,
        issuer: String = developmentIssuer
    ) throws(SimulatorError) {
        var secrets: [String: String] = [:]
        for client in clients {
            guard let equals = client.firstIndex(of: "="), equals != client.startIndex,
                client.index(after: equals) != client.endIndex
            else {
                throw SimulatorError("a client is written ID=SECRET")
            }
            let name = String(client[..<equals])
            guard secrets[name] == nil else {
                throw SimulatorError("the client “\(name)” is given twice")
            }
            secrets[name] = String(client[client.index(after: equals)...])
        }
        self.clients =
            secrets.isEmpty ? [Self.developmentClient: Self.developmentSecret] : secrets
        self.callbacks = try CallbackList(
            callbacks.isEmpty ? Self.developmentCallbacks : callbacks)
        self.accounts = accounts
        self.issuer = issuer
    }
}
