import Domain
import Messages
import RPC
import Secrets
import ServiceRuntime
import Storage

// Accounts (manual 1 (2)). The replies carry a password that is shown once, so they are never stored;
// the account's name is what keeps a repeat from making a second one.

extension IdentityHandler {
    func createBuiltInUnit(
        _ request: Identity.CreateBuiltInUnitRequest, context: RequestContext
    ) async throws -> Identity.CreateAccountReply {
        let authority = authority(context)
        var check = FormCheck()
        let account = check.account(request.account)
        let name = check.text(request.name, "name", "单位名称", required: true, longest: 100)
        let uscc = check.uscc(request.uscc, "uscc", "统一社会信用代码")
        let legalName = check.text(
            request.legalRepresentativeName, "legal_representative_name", "法定代表人姓名",
            required: false, longest: 50)
        let form = UnitForm(request.details ?? Identity.UnitDetails(), &check)
        try refusing { () throws(Refusal) in try check.finish() }
        let unitID = ids()
        let sealed = try sealed(form, unit: unitID)
        let unit = StoredUnit(
            id: unitID, name: name, uscc: uscc, isBuiltIn: true, state: .builtIn, version: 1,
            legalRepresentativeName: legalName, legalRepresentativeID: nil,
            legalRepresentativePhone: sealed.legalRepresentativePhone,
            contactPhone: sealed.contactPhone, details: sealed.details)
        let person = StoredPerson(id: ids(), kind: .officer, name: "")
        let (stored, password) = newAccount(account, of: person.id)
        _ = try await database.performOnce(
            CreateBuiltInUnit(
                authority: authority, unit: unit, person: person, account: stored,
                audited: sealed.audited))
        return Identity.CreateAccountReply(
            personID: person.id, initialPassword: password, unitID: unitID)
    }

    func createAccount(
        _ request: Identity.CreateAccountRequest, context: RequestContext
    ) async throws -> Identity.CreateAccountReply {
        let authority = authority(context)
        let input = try refusing { () throws(Refusal) in
            try AccountInput(request, today: CivilDay(clock.now()), authority: authority)
        }
        let id = ids()
        let person = try guarding {
            StoredPerson(
                id: id, kind: input.kind, name: input.name,
                idNumber: try input.idNumber.map { try personal.seal($0, .personIDNumber(id)) },
                idIndex: input.idNumber.map { personal.index(idNumber: $0) },
                phone: try input.phone.map { try personal.seal($0, .personPhone(id)) },
                region: input.region, committeeID: input.committeeID)
        }
        let (account, password) = newAccount(input.account, of: id)
        let office = input.unitID.map {
            StoredOfficer(unitID: $0, personID: id, role: request.role, isActive: true)
        }
        let made = try await database.performOnce(
            CreateAccount(
                authority: authority, person: person, account: account, office: office,
                announcement: announcement()))
        if let office { try await leases.end(.unit(office.unitID)) }
        return Identity.CreateAccountReply(
            personID: made.personID, initialPassword: password, unitID: input.unitID ?? "")
    }

    func resetPassword(
        _ request: Identity.ResetPasswordRequest, context: RequestContext
    ) async throws -> Identity.CreateAccountReply {
        let authority = authority(context)
        let name =
            request.account.utf8.count <= 160 ? FormCheck.trimmed(request.account).lowercased() : ""
        let found = try database.fetch { rows -> (StoredAccount, StoredOfficer?)? in
            guard let account = try PersonStore.account(name, rows),
                let person = try PersonStore.person(account.personID, rows)
            else { return nil }
            let office = try PersonStore.activeOffice(of: person.id, rows)
            let region = try Self.region(of: person, office, rows)
            // An account beyond the department's region answers as an unknown one does.
            return authority.covers(region: region) ? (account, office) : nil
        }
        guard let (account, office) = found else {
            throw RPCError(serviceError: Refusal.notFound("账号"))
        }
        let password = initialPassword()
        _ = try await database.performOnce(
            SetPassword(
                account: account, hash: hasher.hash(random: password), mustChange: true,
                keeping: nil, actor: authority.actor))
        try await leases.end(.person(account.personID))
        return Identity.CreateAccountReply(
            personID: account.personID, initialPassword: password, unitID: office?.unitID ?? "")
    }

    func recordOfficer(
        _ request: Identity.RecordOfficerRequest, context: RequestContext
    ) async throws -> Identity.RecordOfficerReply {
        let session = try session(context)
        let person = session.personID
        var check = FormCheck()
        let name = check.text(request.name, "name", "姓名", required: true, longest: 50)
        let number = check.idNumber(
            request.idNumber, "id_number", "身份证号码", today: CivilDay(clock.now()))
        try refusing { () throws(Refusal) in try check.finish() }
        let sealed = try guarding { try personal.seal(number, .personIDNumber(person)) }
        // Repeating it changes nothing; a stored hash of the request would only help to guess.
        _ = try await database.performOnce(
            RecordOfficer(
                personID: person, name: name, idNumber: sealed,
                idIndex: personal.index(idNumber: number), unitID: session.unit?.id,
                announcement: announcement()))
        try await leases.end(.person(person))
        return Identity.RecordOfficerReply()
    }

    // MARK: what they share

    /// The operator's command or another service, the HR department of the session, or the officer's unit.
    func authority(_ context: RequestContext) -> AccountAuthority {
        let scope: AccountAuthority.Scope =
            switch context.caller.session {
            case nil: .everywhere
            case let session?: session.unit.map { .unit($0.id) } ?? .region(session.region)
            }
        return AccountAuthority(actor: context.caller.principal, scope: scope)
    }

    /// The region that decides which HR department looks after the person; "" for none.
    private static func region(
        of person: StoredPerson, _ office: StoredOfficer?, _ rows: any RowReader
    ) throws -> String {
        switch person.kind {
        case .officer:
            try office.flatMap { try UnitStore.unit($0.unitID, rows) }?.details.region ?? ""
        case .applicant:
            try RegistrationStore.live(of: person.id, rows)
                .flatMap { try UnitStore.unit($0.unitID, rows) }?.details.region ?? ""
        // Only the operator looks after these.
        case .hrDepartment, .superior, .committee: ""
        }
    }

    private func newAccount(
        _ name: String, of person: String
    ) -> (StoredAccount, password: String) {
        let password = initialPassword()
        let account = StoredAccount(
            account: name, personID: person, password: hasher.hash(random: password),
            generation: 1, mustChange: true)
        return (account, password)
    }
}
