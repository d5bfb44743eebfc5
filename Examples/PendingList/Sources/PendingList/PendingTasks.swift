public import ZhichengClient

/// What waits for an officer's unit, a line for each task.
public struct PendingTasks {
    private let client: PlatformClient

    /// - Parameter client: of the whole platform, not signed in.
    public init(_ client: PlatformClient) { self.client = client }

    /// Signs in, reads the list to its end, signs out.
    /// - Throws: `RPCError` when the account or the password is wrong, or a service does not answer.
    public func lines(account: String, password: String) async throws -> [String] {
        let signedIn = try await client.identity.signIn(
            Identity.SignInRequest(account: account, password: password))
        let officer = client.signedIn(signedIn.session)
        var lines: [String] = []
        for try await task in officer.tasks.all(.pending) {
            lines.append("\(task.kindLabel)\t\(task.title)\t\(task.applicantName)")
        }
        _ = try await officer.identity.signOut(Identity.SignOutRequest())
        return lines
    }
}
