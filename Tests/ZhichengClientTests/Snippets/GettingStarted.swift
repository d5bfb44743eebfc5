// snippet: getting-started
import ZhichengClient

/// Signs in, prints what waits for the unit, signs out.
func printPending(account: String, password: String) async throws {
    let credentials = try TLSCredentials(authorityFile: "data/certificates/ca.pem")
    try await withClient(ClientConfiguration(credentials: credentials)) { client in
        let signedIn = try await client.identity.signIn(
            Identity.SignInRequest(account: account, password: password))
        let officer = client.signedIn(signedIn.session)
        for try await task in officer.tasks.all(.pending) {
            print(task.kindLabel, task.title, task.applicantName, task.stateLabel)
        }
        _ = try await officer.identity.signOut(Identity.SignOutRequest())
    }
}
// end

/// Where the services of a deployment are.
func locate(_ configuration: inout ClientConfiguration) {
    // snippet: endpoints
    var endpoints = ServiceEndpoints(host: "zhicheng.example.org")
    endpoints[.tasks] = ServiceAddress(host: "tasks.example.org", port: 8005)
    configuration.endpoints = endpoints
    configuration.timeout = .seconds(5)
    // end
}

/// README.md's example.
func readme(password: String) async throws {
    // snippet: readme
    let credentials = try TLSCredentials(authorityFile: "data/certificates/ca.pem")
    try await withClient(ClientConfiguration(credentials: credentials)) { client in
        let signedIn = try await client.identity.signIn(
            Identity.SignInRequest(account: "yizhong-shenhe", password: password))
        let officer = client.signedIn(signedIn.session)
        for try await task in officer.tasks.all(.pending) {
            print(task.kindLabel, task.title, task.applicantName)
        }
    }
    // end
}
