import ArgumentParser
import ZhichengClient

extension SSOProtocol: ExpressibleByArgument {}

struct SignInCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign-in",
        abstract: "Sign in: 内置单位登录 with an account, or 单位登录 through 闽政通 with --sso.",
        discussion: """
            Asks for the password on the terminal, or reads it as the first line of standard input. \
            An initial password must be changed: the new one is asked for then (the second line). \
            The session is kept for the commands after this one.
            """)

    @Argument(help: "The account; none with --sso.")
    var account: String?
    @Flag(help: "Sign in through 闽政通 in a browser on this machine.")
    var sso = false
    @Option(
        name: .customLong("protocol"),
        help: """
            With --sso: ticket (trust ticket) or oidc (OAuth 2 authorization code). Default: ticket.
            """)
    var kind: SSOProtocol?
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func validate() throws {
        guard sso || account != nil else {
            throw ValidationError("name an account, or use --sso")
        }
        guard !sso || account == nil else {
            throw ValidationError("--sso takes no account: 闽政通 says who signs in")
        }
        guard sso || kind == nil else { throw ValidationError("--protocol goes with --sso") }
    }

    private struct Result: Encodable {
        let name: String
        let role: String
        let unit: String
        let mustSubmitUnit: Bool
        let mustRecordOfficer: Bool
    }

    func run() async throws {
        let reply = try await connection.withPlatform { client in
            if let account { return try await withPassword(account, client) }
            return try await throughBrowser(client)
        }
        try session.store(StoredSession(session: reply.session, account: account ?? "闽政通"))
        guard let user = reply.user else {
            throw CommandFailure(.refused, "the answer names no user")
        }
        guard connection.output == .table else {
            return try Output.json(
                Result(
                    name: user.name, role: "\(user.role)", unit: user.unit?.name ?? "",
                    mustSubmitUnit: user.mustSubmitUnit, mustRecordOfficer: user.mustRecordOfficer))
        }
        Output.line(user.greeting)
        if user.mustSubmitUnit { Output.note("首次登录须先完善单位详细信息并提交") }
        if user.mustRecordOfficer {
            Output.note("审核前须登记经办人: zhicheng accounts record-officer 姓名")
        }
    }

    private func withPassword(
        _ account: String, _ client: PlatformClient
    ) async throws -> Identity.SignInReply {
        let prompt = Prompt()
        let password = try prompt.line("密码: ", hidden: true)
        var reply = try await client.identity.signIn(
            Identity.SignInRequest(account: account, password: password))
        guard reply.user?.mustChangePassword == true else { return reply }
        Output.note("首次登录须修改初始密码")
        let new = try prompt.line("新密码: ", hidden: true)
        if prompt.isTerminal, try prompt.line("再输入一次: ", hidden: true) != new {
            throw CommandFailure(.usage, "两次输入的新密码不一致")
        }
        let own = client.signedIn(reply.session)
        _ = try await own.identity.changePassword(
            Identity.ChangePasswordRequest(oldPassword: password, newPassword: new))
        reply.user = try await own.identity.getSession(Identity.GetSessionRequest())
        return reply
    }

    private func throughBrowser(_ client: PlatformClient) async throws -> Identity.SignInReply {
        do {
            return try await SSOLogin.signIn(client, by: kind ?? .ticket, within: .seconds(300)) {
                address in
                Output.note("请在本机浏览器中打开:\n\(address)")
            }.reply
        } catch let fault as SocketFault {
            throw CommandFailure(.refused, fault.description)
        }
    }
}

struct SignOutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign-out", abstract: "End the session and forget it.",
        discussion: "When the platform does not answer, the session is kept: it has not ended.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func run() async throws {
        let token = try session.token()
        try await connection.withPlatform(session: token) { client in
            do throws(RPCError) {
                _ = try await client.identity.signOut(Identity.SignOutRequest())
            } catch {
                // One that has ended already is forgotten, too.
                guard error.code == .unauthenticated else { throw error }
            }
        }
        session.remove()
        Output.note("已退出登录")
    }
}

extension Identity.Session {
    /// The header of every page: 您好，福州市第一中学 市级.
    var greeting: String {
        guard let unit else { return "您好，\(name)" }
        let level = unit.administrativeLevel
        return "您好，\(unit.name)\(level.isEmpty ? "" : " \(level)")"
    }
}
