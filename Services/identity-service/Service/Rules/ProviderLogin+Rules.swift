import Domain
import Messages
import ServiceRuntime
import Storage

// Logins at an identity provider (I1).

/// Signs in the agent that a provider vouches for. The first login of a USCC makes the unit
/// (incomplete) with the agent as its administrator; a person is (issuer, subject), never a name. Uses the login's
/// state up: it signs in once.
struct SignInAgent: Command {
    let issuer: String
    let subject: String
    /// The unit, should it be a new one.
    let newUnit: StoredUnit
    /// The person, should it be a new one; otherwise what the provider says now, under the stored id.
    let person: StoredPerson
    let tokenHash: [UInt8]
    let state: LoginState
    let stateHash: [UInt8]
    let announcement: OfficerAnnouncement

    struct Facts: Sendable {
        let isStateUsed: Bool
        let unit: StoredUnit?
        /// The unit that was vouched for was merged into this one.
        let isAlias: Bool
        let person: StoredPerson?
        let officer: StoredOfficer?
        let sessions: Int64
        /// The unit's active officers, for who joins them.
        let colleagues: [ActiveOfficer]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let (unit, isAlias) = try UnitStore.unit(uscc: newUnit.uscc, rows) ?? (nil, false)
        let known = try PersonStore.person(issuer: issuer, subject: subject, rows)
        let officer = try unit.flatMap { unit in
            try known.flatMap { try PersonStore.officer($0.id, unit: unit.id, rows) }
        }
        let joined = officer == nil ? unit : nil
        return Facts(
            isStateUsed: try SessionStore.isUsed(state: stateHash, rows),
            unit: unit, isAlias: isAlias, person: known, officer: officer,
            sessions: try known.map { try SessionStore.count(of: $0.id, rows) } ?? 0,
            colleagues: try joined.map { try OfficerStore.active(unit: $0.id, rows) } ?? [])
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        guard !facts.isStateUsed, now.milliseconds < state.expiresMilliseconds else {
            throw Self.badState
        }
        if let known = facts.person, known.id != person.id {
            // Made by another login since the numbers were sealed for this id.
            throw .busy("登录正在处理，请重试")
        }
        var writes: [Statement] = []
        var messages: [OutboxMessage] = []
        var audit: [AuditEntry] = []
        func note(_ action: String, _ object: String, _ after: [(String, String)]) {
            audit.append(
                AuditEntry(
                    actor: "person:\(person.id)", action: action, object: object, before: [],
                    after: after))
        }
        let unit = facts.unit ?? newUnit
        guard unit.state.admitsOfficers else { throw .denied("该单位已停用，请联系人社部门") }
        // Whoever acted for the merged unit is not let into the other one by that.
        guard !facts.isAlias || facts.officer?.isActive == true else {
            throw .merged(into: unit.name, isListed: facts.officer != nil)
        }
        if facts.unit == nil {
            writes.append(UnitStore.insert(unit, created: now, submitted: nil))
            note(
                "identity.unit.first_login", "unit:\(unit.id)",
                [("name", unit.name), ("uscc", unit.uscc), ("state", unit.state.rawValue)])
        }
        if let known = facts.person {
            guard known.kind == .officer else { throw .denied("该账号不能代表单位登录") }
            if known != person { writes.append(PersonStore.update(person)) }
        } else {
            writes.append(PersonStore.insert(person, at: now))
            writes.append(
                PersonStore.insertIdentity(
                    issuer: issuer, subject: subject, person: person.id))
        }
        if let officer = facts.officer {
            guard officer.isActive else { throw .denied("该经办人已被单位移除") }
        } else {
            let office = StoredOfficer(
                unitID: unit.id, personID: person.id, role: .unitAdministrator, isActive: true)
            writes.append(PersonStore.insert(office, at: now))
            // Of a new unit there is nobody to tell.
            if facts.unit != nil { messages.append(joining(office, unit, at: now)) }
            messages += announcement.messages(unit: unit, joining: facts.colleagues)
            note(
                "identity.officer.join", "unit:\(unit.id)",
                [("person", person.id), ("role", "administrator"), ("issuer", issuer)])
        }
        note("identity.session.open", "person:\(person.id)", [("way", issuer)])
        return Plan(
            writes: writes
                + startSession(
                    tokenHash: tokenHash, person: person.id, unit: unit.id,
                    existing: facts.sessions, at: now)
                + [SessionStore.use(state: stateHash, until: state.expiresMilliseconds)],
            messages: messages, audit: audit, reply: Done())
    }

    /// The unit's officers are told of the new one.
    private func joining(
        _ office: StoredOfficer, _ unit: StoredUnit, at now: Timestamp
    ) -> OutboxMessage {
        let officer = ListedOfficer(
            officer: office, name: person.name, account: "", isRecorded: person.idIndex != nil,
            sinceMilliseconds: now.milliseconds)
        let authority = AccountAuthority(actor: "person:\(person.id)", scope: .unit(unit.id))
        return Announcement.joined(officer, in: unit, by: authority, at: now).message
    }

    /// The same for a state of another deployment, a used one, and one that has ended.
    static let badState = Refusal(
        code: 16, message: "登录状态无效、已使用或已过期，请重新登录", details: [])
}
