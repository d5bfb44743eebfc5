import ZhichengClient

// What the manual's persons do, each as one step. Used by the demonstration data and by the demonstrated day.

/// Somebody who is signed in.
struct SignedIn: Sendable {
    let client: PlatformClient
    let personID: String
}

extension PlatformClient {
    /// Signs in with a password.
    func signIn(_ account: String, _ password: String) async throws(RPCError) -> SignedIn {
        let reply = try await identity.signIn(
            Identity.SignInRequest(account: account, password: password))
        return SignedIn(
            client: signedIn(reply.session), personID: reply.user?.personID ?? "")
    }

    /// The first sign-in: the initial password is changed to the demonstration's.
    func firstSignIn(
        _ account: String, initialPassword: String
    ) async throws(RPCError) -> SignedIn {
        let user = try await signIn(account, initialPassword)
        _ = try await user.client.identity.changePassword(
            Identity.ChangePasswordRequest(
                oldPassword: initialPassword, newPassword: Cast.password))
        return user
    }

    /// Makes an account and signs in with it for the first time.
    /// - Parameter users: the client of people, who have no key of the deployment.
    func open(
        _ request: Identity.CreateAccountRequest, for users: PlatformClient
    ) async throws(RPCError) -> SignedIn {
        let made = try await identity.createAccount(request)
        return try await users.firstSignIn(
            request.account, initialPassword: made.initialPassword)
    }

    /// An applicant's account, for somebody without 闽政通.
    func openApplicant(
        _ person: Cast.Person, for users: PlatformClient
    ) async throws(RPCError) -> SignedIn {
        try await open(
            Identity.CreateAccountRequest(
                account: person.account, role: .applicant, name: person.name,
                idNumber: person.idNumber, phone: person.phone), for: users)
    }

    /// 人员注册.
    func register(
        _ person: Cast.Person, unit: String
    ) async throws(RPCError) -> Identity.Registration {
        try await identity.registerPerson(person.registration(unit: unit))
    }

    /// Files an archive item with one file of evidence and submits it.
    func file(
        _ kind: String, _ values: CastItems.Values, evidence: String
    ) async throws(RPCError) -> Archive.Item {
        let draft = try await archive.saveItem(
            Archive.SaveItemRequest(kind: kind, values: CastItems.formValues(values)))
        return try await submitItem(draft.id, evidence: evidence)
    }

    /// Adds evidence to a draft and submits it.
    func submitItem(
        _ id: String, evidence: String
    ) async throws(RPCError) -> Archive.Item {
        _ = try await archive.uploadEvidence(
            Archive.UploadEvidenceRequest(itemID: id, file: CastItems.pdf(named: evidence)))
        let item = try await archive.getItem(Archive.GetItemRequest(id: id))
        return try await archive.submitItem(
            Archive.SubmitItemRequest(id: id, expectedVersion: item.version))
    }

    /// Declares to a plan with every approved item.
    func declare(
        _ plan: Declaration.Plan, _ application: Declaration.Application
    ) async throws(RPCError) -> Declaration.DeclarationRow {
        let draft = try await declaration.saveDraft(
            Declaration.SaveDraftRequest(planID: plan.id, application: application))
        let row = draft.row ?? Declaration.DeclarationRow()
        let submitted = try await declaration.submit(
            Declaration.SubmitRequest(id: row.id, expectedVersion: row.version))
        return submitted.row ?? row
    }

    /// The unit's record of a year, filled in, with its form, submitted.
    func confirmRecord(
        year: Int32, _ vacancies: [Quota.Vacancies]
    ) async throws(RPCError) -> Quota.Record {
        let draft = try await quota.saveRecord(
            Quota.SaveRecordRequest(year: year, vacancies: vacancies))
        _ = try await quota.uploadApprovalForm(
            Quota.UploadApprovalFormRequest(
                recordID: draft.id, file: CastItems.pdf(named: "岗位核准表.pdf")))
        let filled = try await quota.getRecord(Quota.GetRecordRequest(id: draft.id))
        return try await quota.submitRecord(
            Quota.SubmitRecordRequest(id: filled.id, expectedVersion: filled.version))
    }

    /// The waiting task of an object.
    func task(of object: String) async throws -> Tasks.Task {
        for try await task in tasks.all() where task.objectID == object { return task }
        throw RPCError(code: .notFound, message: "任务中心没有等待处理的 \(object)")
    }

    /// Decides on an object from the task centre.
    func decide(
        on object: String, _ outcome: Common.Outcome, opinion: String, defects: [String] = []
    ) async throws -> Verdict {
        let task = try await task(of: object)
        do {
            let reply = try await tasks.decideAndWait(
                Tasks.DecideRequest(
                    taskID: task.id, expectedVersion: task.version, outcome: outcome,
                    opinion: opinion, defects: defects))
            return reply.state == .refused
                ? .refused(reply.message, reply.vacancy) : .done(reply)
        } catch  where error.code == .failedPrecondition {
            return .refused(error.message, error.vacancy)
        }
    }

    /// 单位推荐意见 with a notice proof; claims the declaration first unless this officer has it.
    /// - Parameter occupiesPost: nil for a unit that is no public institution.
    func recommend(
        _ id: String, occupiesPost: Bool?, note: String
    ) async throws(RPCError) {
        let found = try await declaration.get(Declaration.GetDeclarationRequest(id: id))
        let row = found.row ?? Declaration.DeclarationRow()
        if row.state == .unitPool {
            _ = try await declaration.claim(
                Declaration.ClaimRequest(id: id, expectedVersion: row.version))
        }
        if found.recommendation?.noticeProofs.isEmpty ?? true {
            _ = try await declaration.uploadMaterial(
                Declaration.UploadMaterialRequest(
                    id: id, kind: .noticeProof, file: CastItems.pdf(named: "公示证明.pdf")))
        }
        _ = try await declaration.saveRecommendation(
            Declaration.SaveRecommendationRequest(
                id: id, text: "经公示无异议，同意推荐。", occupiesPost: occupiesPost,
                occupationNote: note))
    }
}

/// What became of a decision.
enum Verdict {
    case done(Tasks.DecideReply)
    case refused(String, Common.VacancyFacts?)
}

extension Cast.Person {
    /// The form 人员注册, filled in as it should be.
    func registration(unit: String) -> Identity.RegisterPersonRequest {
        Identity.RegisterPersonRequest(
            unitID: unit, name: name, sex: sex, idDocument: "111", idNumber: idNumber,
            phone: phone, politicalStatus: politicalStatus, email: email)
    }
}

extension Quota.Vacancies {
    /// The four levels in the order of the screen; nil = 不限.
    static func levels(
        _ seniorFull: Int64?, _ seniorAssociate: Int64?, _ intermediate: Int64?, _ junior: Int64?
    ) -> [Quota.Vacancies] {
        zip(Common.QuotaLevel.onScreen, [seniorFull, seniorAssociate, intermediate, junior]).map {
            Quota.Vacancies(level: $0, unlimited: $1 == nil, count: $1 ?? 0)
        }
    }
}
