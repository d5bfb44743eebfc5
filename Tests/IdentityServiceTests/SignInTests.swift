import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

@Suite struct ProviderLoginTests {
    @Test func theFirstLoginMakesTheUnitWithTheAgentAsAdministrator() async throws {
        let harness = try Harness()
        let reply = try await harness.signIn(.school)
        let user = try #require(reply.user)
        #expect(reply.session.count == 32)
        #expect(user.role == .unitAdministrator && user.name == "陈经办")
        #expect(user.mustSubmitUnit && !user.mustChangePassword && !user.mustRecordOfficer)
        #expect(user.unit?.name == "福州市第一中学" && user.unit?.uscc == "12350100488000011A")
        #expect(user.personKey.isEmpty, "a user never sees the key")
        let unit = try await harness.identity(reply.session).getUnit(Identity.GetUnitRequest())
        #expect(unit.state == "incomplete" && unit.legalRepresentativeName == "林校长")
        #expect(unit.legalRepresentativeIDMasked.hasPrefix("3501"))
        #expect(unit.legalRepresentativeIDMasked.contains("**********"))
    }

    @Test func nothingButTheFormIsOpenBeforeItIsSubmitted() async throws {
        let harness = try Harness()
        let session = try await harness.signIn(.school).session
        let error = try await refusal {
            try await harness.identity(session).listRegistrations(
                Identity.ListRegistrationsRequest())
        }
        #expect(error.code == .failedPrecondition && error.message.contains("SubmitUnit"))
        let tasks = try await refusal {
            try await harness.tasks(session).list(Tasks.ListTasksRequest())
        }
        #expect(tasks.code == .failedPrecondition)
    }

    @Test func aUnitIsItsUSCCAndAnAgentIsTheSubject() async throws {
        let harness = try Harness()
        let first = try await harness.activeUnit()
        let again = try await harness.signIn(.school)
        let colleague = try await harness.signIn(
            VouchedAgent.school.agent("mzt-agent-7", name: "新经办", sequence: 907))
        #expect(again.user?.unit?.id == first.id && colleague.user?.unit?.id == first.id)
        #expect(colleague.user?.mustSubmitUnit == false)
        #expect(again.user?.personID != colleague.user?.personID)
        #expect(colleague.user?.unitOfficers == 2)
        #expect(try harness.number("SELECT count(*) FROM units") == 1)
        #expect(try harness.number("SELECT count(*) FROM persons") == 2)
    }

    @Test func aStateWorksOnceAndForTenMinutes() async throws {
        let harness = try Harness()
        harness.provider.answer("t", .success(.school))
        func begin() async throws -> String {
            try await harness.identity().beginLogin(
                Identity.BeginLoginRequest(provider: "minzhengtong", redirect: Harness.callback)
            ).state
        }
        func complete(_ state: String, ticket: String = "t") async throws -> Identity.SignInReply {
            try await harness.identity().completeLogin(
                Identity.CompleteLoginRequest(state: state, ticket: ticket))
        }
        let used = try await begin()
        _ = try await complete(used)
        #expect(try await refusal { try await complete(used) }.code == .unauthenticated)

        // What signs nobody in leaves nothing behind: a state that a stranger began takes no room.
        let failed = try await begin()
        #expect(
            try await refusal { try await complete(failed, ticket: "x") }.code == .unauthenticated)
        #expect(try harness.number("SELECT count(*) FROM used_login_states") == 1)
        _ = try await complete(failed)
        #expect(try await refusal { try await complete(failed) }.code == .unauthenticated)

        let late = try await begin()
        harness.clock.advance(by: .seconds(600))
        #expect(try await refusal { try await complete(late) }.code == .unauthenticated)

        let fresh = try await begin()
        var mutated = Array(fresh)
        mutated[5] = mutated[5] == "0" ? "1" : "0"
        for wrong in [
            String(mutated), "", "zz", fresh + "00", String(fresh.dropLast(2)),
            fresh.uppercased() + "A", fresh + "=",
        ] {
            #expect(try await refusal { try await complete(wrong) }.code == .unauthenticated)
        }
        _ = try await complete(fresh)
        #expect(
            try harness.number("SELECT count(*) FROM used_login_states") == 1,
            "those that ended are swept")
    }

    /// Whoever knows how a state is made needs the key too.
    @Test func aStateIsSigned() async throws {
        let harness = try Harness()
        harness.provider.answer("t", .success(.school))
        let state = LoginState(
            provider: "minzhengtong", redirect: Harness.callback, begun: harness.clock.now())
        let key = Array(repeating: UInt8(7), count: 32)
        let text = state.text(nonce: [1, 2, 3], key: key)
        #expect(LoginState(text, key: key) == state)
        #expect(LoginState(text, key: key.map { $0 + 1 }) == nil)
        let error = try await refusal {
            try await harness.identity().completeLogin(
                Identity.CompleteLoginRequest(state: text, ticket: "t"))
        }
        #expect(error.code == .unauthenticated)
    }

    /// Ten thousand logins that nobody ends once kept everybody out for ten minutes.
    @Test func beginningWritesNothing() async throws {
        let harness = try Harness()
        for _ in 0..<20 {
            let begun = try await harness.identity().beginLogin(
                Identity.BeginLoginRequest(provider: "minzhengtong", redirect: Harness.callback))
            #expect(begun.state.utf8.count <= 512, "what a provider takes")
        }
        #expect(try harness.number("SELECT count(*) FROM used_login_states") == 0)
    }

    @Test func onlyAllowedCallbacksAndProvidersBegin() async throws {
        let harness = try Harness()
        let redirect = try await refusal {
            try await harness.identity().beginLogin(
                Identity.BeginLoginRequest(
                    provider: "minzhengtong", redirect: "http://evil.example.org/callback"))
        }
        #expect(redirect.code == .invalidArgument && redirect.fields == ["redirect"])
        let provider = try await refusal {
            try await harness.identity().beginLogin(
                Identity.BeginLoginRequest(provider: "weixin", redirect: Harness.callback))
        }
        #expect(provider.fields == ["provider"])
    }

    @Test(arguments: [
        (ProviderError.Kind.refusedTicket, RPCCode.unauthenticated), (.unreachable, .unavailable),
        (.malformed, .internalError), (.refusedClient, .internalError),
    ])
    func aProviderThatFails(_ kind: ProviderError.Kind, _ code: RPCCode) async throws {
        let harness = try Harness()
        harness.provider.answer("t", .failure(ProviderError(kind, "as the test wants")))
        let state = try await harness.identity().beginLogin(
            Identity.BeginLoginRequest(provider: "minzhengtong", redirect: Harness.callback)
        ).state
        let error = try await refusal {
            try await harness.identity().completeLogin(
                Identity.CompleteLoginRequest(state: state, ticket: "t"))
        }
        #expect(error.code == code)
        #expect(try harness.number("SELECT count(*) FROM sessions") == 0)
    }

    @Test func aVouchedUSCCIsCheckedLikeAnyInput() async throws {
        let harness = try Harness()
        let agent = VouchedAgent(
            issuer: "minzhengtong", subject: "s", name: "某", idNumber: VouchedAgent.school.idNumber,
            phone: "13900000001", unitName: "某单位", uscc: "12350100488000011B",
            legalRepresentativeName: "某",
            legalRepresentativeIDNumber: VouchedAgent.school.legalRepresentativeIDNumber)
        let error = try await refusal { try await harness.signIn(agent) }
        #expect(error.code == .internalError)
        #expect(try harness.number("SELECT count(*) FROM units") == 0)
    }
}

@Suite struct PasswordSignInTests {
    private let builtIn = Identity.CreateBuiltInUnitRequest(
        account: "Fuzhou-School", name: "福州市内置学校", uscc: "", legalRepresentativeName: "林校长",
        details: .school)

    private func signIn(
        _ harness: Harness, _ account: String, _ password: String, as peer: String? = nil
    ) async throws -> Identity.SignInReply {
        try await harness.identity(as: peer).signIn(
            Identity.SignInRequest(account: account, password: password))
    }

    @Test func theInitialPasswordMustBeChangedFirst() async throws {
        let harness = try Harness()
        let made = try await harness.operator_.createBuiltInUnit(builtIn)
        let reply = try await signIn(harness, "fuzhou-school", made.initialPassword)
        let user = try #require(reply.user)
        #expect(user.mustChangePassword && !user.mustSubmitUnit && user.mustRecordOfficer)
        #expect(user.unit?.id == made.unitID && user.role == .unitAdministrator)
        let client = harness.identity(reply.session)
        let early = try await refusal { try await client.getUnit(Identity.GetUnitRequest()) }
        #expect(early.code == .failedPrecondition && early.message.contains("ChangePassword"))
        let weak = try await refusal {
            try await client.changePassword(
                Identity.ChangePasswordRequest(
                    oldPassword: made.initialPassword, newPassword: "password"))
        }
        #expect(weak.fields == ["new_password"])
        let wrong = try await refusal {
            try await client.changePassword(
                Identity.ChangePasswordRequest(oldPassword: "wrong", newPassword: "Sanmufang-1"))
        }
        #expect(wrong.code == .unauthenticated)
        _ = try await client.changePassword(
            Identity.ChangePasswordRequest(
                oldPassword: made.initialPassword, newPassword: "Sanmufang-1"))
        #expect(try await client.getUnit(Identity.GetUnitRequest()).builtIn)
        #expect(
            try await refusal { try await signIn(harness, "fuzhou-school", made.initialPassword) }
                .code == .unauthenticated)
        _ = try await signIn(harness, " FUZHOU-School ", "Sanmufang-1")
    }

    @Test func aChangeEndsTheOtherSessionsAResetEndsAll() async throws {
        let harness = try Harness()
        let person = try await harness.applicant(1)
        let other = try await signIn(harness, "person-1", person.account.password).session
        _ = try await harness.identity(person.session).changePassword(
            Identity.ChangePasswordRequest(
                oldPassword: person.account.password, newPassword: "Another-2022"))
        func isLive(_ session: [UInt8]) async -> Bool {
            (try? await harness.identity(session).getSession(Identity.GetSessionRequest())) != nil
        }
        #expect(await isLive(person.session))
        #expect(await !isLive(other))
        let reset = try await harness.operator_.resetPassword(
            Identity.ResetPasswordRequest(account: "person-1"))
        #expect(await !isLive(person.session))
        let again = try await signIn(harness, "person-1", reset.initialPassword)
        #expect(again.user?.mustChangePassword == true)
    }

    @Test func unknownAccountsAnswerLikeWrongPasswords() async throws {
        let harness = try Harness()
        _ = try await harness.applicant(1)
        let wrong = try await refusal { try await signIn(harness, "person-1", "nope") }
        let unknown = try await refusal { try await signIn(harness, "nobody-1", "nope") }
        #expect(wrong.code == .unauthenticated && wrong.message == unknown.message)
        #expect(wrong.code == unknown.code)
        let long = try await refusal {
            try await signIn(harness, String(repeating: "x", count: 500), "nope")
        }
        #expect(long.code == .unauthenticated)
    }

    @Test func theSixthTryHasToWaitAndStrangersLockNobodyOut() async throws {
        let harness = try Harness()
        let person = try await harness.applicant(1)
        func signIn(
            _ password: String, claiming name: String = "a-portal", from address: [UInt8]
        ) async throws {
            let client = Identity.IdentityClient(harness.channel(stranger: name, from: address))
            _ = try await client.signIn(
                Identity.SignInRequest(account: "person-1", password: password))
        }
        // The guesses come from one network, under ever new names; one of them is the owner's own.
        let stranger: [UInt8] = [192, 0, 2, 1]
        let owner: [UInt8] = [198, 51, 100, 7]
        for n in 0..<5 {
            #expect(
                try await refusal {
                    try await signIn("guess", claiming: "a-portal-\(n)", from: stranger)
                }
                .code == .unauthenticated)
        }
        let slowed = try await refusal {
            try await signIn(person.account.password, claiming: "another", from: stranger)
        }
        #expect(slowed.code == .resourceExhausted)
        #expect(try #require(slowed.retryAfter) <= .seconds(1))
        // The owner was never at this network before.
        try await signIn(person.account.password, from: owner)
        harness.clock.advance(by: .seconds(1))
        _ = try await refusal { try await signIn("guess", from: stranger) }
        let longer = try await refusal { try await signIn("guess", from: stranger) }
        // The clock ticks on: a little of the wait is over already.
        let wait = try #require(longer.retryAfter)
        #expect(wait > .seconds(1) && wait <= .seconds(2), "each failure doubles the wait")
    }

    @Test func accountNamesAreUnique() async throws {
        let harness = try Harness()
        _ = try await harness.operator_.createBuiltInUnit(builtIn)
        let again = try await refusal { try await harness.operator_.createBuiltInUnit(builtIn) }
        #expect(again.code == .alreadyExists)
        #expect(try harness.number("SELECT count(*) FROM units") == 1)
    }

    @Test func aBuiltInUnitIsCheckedFieldByField() async throws {
        let harness = try Harness()
        let error = try await refusal {
            try await harness.operator_.createBuiltInUnit(
                Identity.CreateBuiltInUnitRequest(account: "a b", uscc: "123456"))
        }
        #expect(
            error.fields == [
                "account", "name", "uscc", "details.legal_representative_phone",
                "details.address", "details.contact_name", "details.contact_phone",
                "details.nature", "details.email", "details.region",
            ])
    }
}
