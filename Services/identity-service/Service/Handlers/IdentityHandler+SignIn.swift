import Domain
import Logging
import Messages
import RPC
import Secrets
import ServiceRuntime
import Storage

// Signing in and sessions (manual 1). Replies with a session token never go through stored replies.

extension IdentityHandler {
    // MARK: through a provider

    func beginLogin(
        _ request: Identity.BeginLoginRequest, context: RequestContext
    ) async throws -> Identity.BeginLoginReply {
        let known = [MinzhengtongProvider.issuer, OpenIDProvider.name]
        guard known.contains(request.provider) else {
            throw RPCError(
                serviceError: Refusal.invalid([
                    FieldFault(
                        field: "provider", label: "登录方式",
                        message: "只支持闽政通 (\(known.joined(separator: ", ")))")
                ]))
        }
        guard callbacks.allows(request.redirect) else {
            throw RPCError(
                serviceError: Refusal.invalid([
                    FieldFault(field: "redirect", label: "回调地址", message: "不在允许的回调地址中")
                ]))
        }
        let provider = try provider(request.provider)
        let state = LoginState(
            provider: provider.name, redirect: request.redirect, begun: clock.now()
        ).text(nonce: Array(randomToken().prefix(16)), key: stateKey)
        return Identity.BeginLoginReply(
            address: provider.loginAddress(attempt(state, redirect: request.redirect)),
            state: state)
    }

    func completeLogin(
        _ request: Identity.CompleteLoginRequest, context: RequestContext
    ) async throws -> Identity.SignInReply {
        guard let state = LoginState(request.state, key: stateKey),
            clock.now().milliseconds < state.expiresMilliseconds
        else { throw RPCError(serviceError: SignInAgent.badState) }
        let stateHash = LoginState.hash(request.state)
        guard try database.fetch({ rows in try !SessionStore.isUsed(state: stateHash, rows) })
        else { throw RPCError(serviceError: SignInAgent.badState) }
        // The state knows which provider's ticket or code this is; both at once are neither's.
        let provider = try provider(state.provider)
        let agent: VouchedAgent
        do throws(ProviderError) {
            guard request.ticket.isEmpty != request.code.isEmpty else {
                throw ProviderError(.refusedTicket, "not exactly one of ticket and code")
            }
            agent = try await provider.exchange(
                request.ticket + request.code,
                of: attempt(request.state, redirect: state.redirect))
        } catch {
            throw refusal(of: error)
        }
        return try await signIn(try checked(agent), state, hash: stateHash)
    }

    /// Signs the states of logins, and nothing else.
    private var stateKey: [UInt8] {
        Array(personal.derived(from: "", for: "login_state").utf8)
    }

    private func provider(_ name: String) throws(RPCError) -> any IdentityProvider {
        guard let provider = providers.first(where: { $0.name == name }) else {
            throw RPCError(
                code: .failedPrecondition,
                message: "本部署没有配置该登录方式 (--set sso-address, --set sso-oidc-issuer)")
        }
        return provider
    }

    private func attempt(_ state: String, redirect: String) -> LoginAttempt {
        LoginAttempt(
            redirect: redirect, state: state,
            nonce: personal.derived(from: state, for: "login_nonce"),
            verifier: personal.derived(from: state, for: "login_verifier"))
    }

    private func refusal(of error: ProviderError) -> RPCError {
        logger.warning(
            "login at the provider failed",
            metadata: ["kind": "\(error.kind)", "error": "\(error)"])
        return switch error.kind {
        case .refusedTicket:
            RPCError(code: .unauthenticated, message: "登录票据无效、已使用或已过期，请重新登录")
        case .untrusted:
            RPCError(code: .unauthenticated, message: "闽政通的登录凭证未通过校验，请重新登录")
        case .unreachable:
            RPCError(code: .unavailable, message: "闽政通没有响应，请稍后重新登录", verdict: .never)
        case .refusedClient, .malformed:
            RPCError(code: .internalError, message: "闽政通的应答无法使用，请联系运维人员", verdict: .never)
        }
    }

    /// What the provider says is checked like any input.
    private func checked(_ agent: VouchedAgent) throws(RPCError) -> VouchedAgent {
        do throws(ValueFault) {
            let today = CivilDay(clock.now())
            _ = try USCC(agent.uscc)
            _ = try IDNumber(agent.idNumber, today: today)
            _ = try IDNumber(agent.legalRepresentativeIDNumber, today: today)
            return agent
        } catch {
            throw refusal(of: ProviderError(.malformed, "a vouched number is not valid"))
        }
    }

    private func signIn(
        _ agent: VouchedAgent, _ state: LoginState, hash stateHash: [UInt8]
    ) async throws(RPCError) -> Identity.SignInReply {
        let token = randomToken()
        let hash = SessionToken.hash(token)
        // Numbers are sealed for the row's id, which another login may make at this moment.
        for attempt in 1...3 {
            let command = try command(agent, tokenHash: hash, state, stateHash: stateHash)
            do {
                _ = try await database.performOnce(command)
                return try reply(token)
            } catch  where error.code == .aborted && attempt < 3 {
                continue
            }
        }
        throw RPCError(code: .aborted, message: "登录正在处理，请重试")
    }

    private func command(
        _ agent: VouchedAgent, tokenHash: [UInt8], _ state: LoginState, stateHash: [UInt8]
    ) throws(RPCError) -> SignInAgent {
        let known = try database.fetch { rows in
            try PersonStore.person(issuer: agent.issuer, subject: agent.subject, rows)
        }
        return try guarding {
            let unitID = ids()
            let unit = StoredUnit(
                id: unitID, name: agent.unitName, uscc: agent.uscc, isBuiltIn: false,
                state: UnitState.ssoAuthenticated.after(.firstLogin) ?? .incomplete, version: 1,
                legalRepresentativeName: agent.legalRepresentativeName,
                legalRepresentativeID: try personal.seal(
                    agent.legalRepresentativeIDNumber, .legalRepresentativeID(unit: unitID)),
                legalRepresentativePhone: nil, contactPhone: nil,
                details: Identity.UnitDetails())
            return SignInAgent(
                issuer: agent.issuer, subject: agent.subject, newUnit: unit,
                person: try person(agent, known), tokenHash: tokenHash, state: state,
                stateHash: stateHash, announcement: announcement())
        }
    }

    /// The stored person when the provider says nothing new; otherwise with what it says now.
    private func person(_ agent: VouchedAgent, _ known: StoredPerson?) throws -> StoredPerson {
        let index = personal.index(idNumber: agent.idNumber)
        if let known, known.name == agent.name, known.idIndex == index,
            try known.phone.map({ try personal.open($0, .personPhone(known.id)) }) == agent.phone
        {
            return known
        }
        let id = known?.id ?? ids()
        return StoredPerson(
            id: id, kind: known?.kind ?? .officer, name: agent.name,
            idNumber: try personal.seal(agent.idNumber, .personIDNumber(id)), idIndex: index,
            phone: try personal.seal(agent.phone, .personPhone(id)))
    }

    // MARK: with a password

    func signIn(
        _ request: Identity.SignInRequest, context: RequestContext
    ) async throws -> Identity.SignInReply {
        let name =
            request.account.utf8.count <= 160 ? FormCheck.trimmed(request.account).lowercased() : ""
        let account = try await verified(
            name, password: request.password, from: SignInSource(context.peer))
        let token = randomToken()
        _ = try await database.performOnce(
            OpenSession(account: account, tokenHash: SessionToken.hash(token)))
        return try reply(token)
    }

    func changePassword(
        _ request: Identity.ChangePasswordRequest, context: RequestContext
    ) async throws -> Identity.ChangePasswordReply {
        let person = try session(context).personID
        guard
            let own = try database.fetch({ rows in try PersonStore.account(of: person, rows) })
        else {
            throw RPCError(code: .failedPrecondition, message: "通过闽政通登录的账号没有密码")
        }
        if let fault = PasswordPolicy.fault(request.newPassword, account: own.account) {
            throw RPCError(
                serviceError: Refusal.invalid([
                    FieldFault(field: "new_password", label: "新密码", message: fault)
                ]))
        }
        guard request.newPassword != request.oldPassword else {
            throw RPCError(
                serviceError: Refusal.invalid([
                    FieldFault(field: "new_password", label: "新密码", message: "不能与原密码相同")
                ]))
        }
        let account = try await verified(
            own.account, password: request.oldPassword, from: SignInSource(context.peer))
        let hash = try await hashed(request.newPassword)
        _ = try await database.performOnce(
            SetPassword(
                account: account, hash: hash, mustChange: false, keeping: tokenHash(context),
                actor: context.caller.principal))
        try await leases.end(.person(person))
        return Identity.ChangePasswordReply()
    }

    /// The account, when the password is right. As slow for an unknown account as for a wrong password.
    private func verified(
        _ name: String, password: String, from source: SignInSource
    ) async throws(RPCError) -> StoredAccount {
        let begun: SignInThrottle.Try
        switch throttle.begin(account: name, from: source, at: clock.now()) {
        case .admitted(let admitted): begun = admitted
        case .wait(let wait):
            throw RPCError(
                code: .resourceExhausted, message: "密码错误次数过多或同时登录过多，请稍后再试",
                verdict: .notExecuted, retryAfter: wait)
        }
        var outcome = SignInThrottle.Outcome.abandoned
        defer { throttle.end(begun, outcome, at: clock.now()) }
        let account = try database.fetch { rows in try PersonStore.account(name, rows) }
        let isRight = try await matches(password, account?.password)
        guard isRight, let account else {
            outcome = .wrong
            throw RPCError(serviceError: OpenSession.wrongPassword)
        }
        outcome = .right
        return account
    }

    private func matches(_ password: String, _ stored: String?) async throws(RPCError) -> Bool {
        do {
            return try await hasher.verify(password, against: stored)
        } catch {
            throw RPCError(serviceError: error)
        }
    }

    func hashed(_ password: String) async throws(RPCError) -> String {
        do {
            return try await hasher.hash(password)
        } catch {
            throw RPCError(serviceError: error)
        }
    }

    // MARK: sessions

    func signOut(
        _ request: Identity.SignOutRequest, context: RequestContext
    ) async throws -> Identity.SignOutReply {
        let hash = try tokenHash(context)
        _ = try await database.performOnce(
            SignOut(personID: try session(context).personID, tokenHash: hash))
        try await leases.end(.session(hash))
        return Identity.SignOutReply()
    }

    func getSession(
        _ request: Identity.GetSessionRequest, context: RequestContext
    ) async throws -> Identity.Session {
        var session = try session(context)
        session.personKey = []
        return session
    }

    func resolveSession(
        _ request: Identity.ResolveSessionRequest, context: RequestContext
    ) async throws -> Identity.Session {
        let ticket = leases.ticket()
        var session = try resolve(request.session)
        let lease = leases.grant(
            ticket, to: request.watchID, tokenHash: SessionToken.hash(request.session),
            person: session.personID,
            unit: session.unit?.id ?? "")
        session.leaseMs = lease?.wholeMilliseconds ?? 0
        return session
    }

    /// The user behind a token, with the person's key: for services, and for this service's own admission.
    func resolve(_ token: [UInt8]) throws(RPCError) -> Identity.Session {
        guard token.count == SessionToken.byteCount else { throw Self.unknownSession }
        let hash = SessionToken.hash(token)
        let found = try database.fetch { rows in try SessionStore.session(tokenHash: hash, rows) }
        guard let found else { throw Self.unknownSession }
        let now = clock.now()
        if let ended = found.ended(at: now) { throw ended }
        if found.needsNote(at: now) { keeper.note(tokenHash: hash, at: now) }
        return found.message(at: now, forService: true)
    }

    private static let unknownSession = RPCError(
        code: .unauthenticated, message: "登录已失效，请重新登录")

    /// The answer to a sign-in, with the token that was just stored.
    private func reply(_ token: [UInt8]) throws(RPCError) -> Identity.SignInReply {
        var session = try resolve(token)
        session.personKey = []
        return Identity.SignInReply(session: token, user: session)
    }
}
