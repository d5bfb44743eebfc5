import Domain
import Messages
import ServiceRuntime
import Storage

// Logins at an identity provider (I1).

/// Remembers the state of a login that begins.
struct BeginLogin: Command {
    let provider: String
    let redirect: String
    let stateHash: [UInt8]
    /// States that ended by then do not count.
    let asOf: Timestamp

    func read(_ rows: any RowReader) throws -> Int64 {
        try SessionStore.loginStates(after: asOf, rows)
    }

    func decide(_ waiting: Int64, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        guard waiting < SessionLimits.mostLoginStates else {
            throw Refusal(code: 8, message: "登录请求过多，请稍后再试", details: [])
        }
        let expires = now.milliseconds + SessionLimits.loginStateMilliseconds
        return Plan(
            writes: SessionStore.deleteExpired(at: now) + [
                SessionStore.insertLoginState(
                    hash: stateHash, provider: provider, redirect: redirect,
                    expires: Timestamp(milliseconds: expires))
            ], messages: [], audit: [], reply: Done())
    }
}

/// Uses a state up, before its ticket is exchanged: whatever comes of that, it never works again.
struct UseLoginState: Command {
    let stateHash: [UInt8]

    /// Whose login it was, and where its browser came back.
    struct UsedLogin: StorableReply {
        let provider: String
        let redirect: String

        init(provider: String, redirect: String) {
            self.provider = provider
            self.redirect = redirect
        }

        // Neither holds a line end.
        func storedBytes() throws -> [UInt8] { Array("\(provider)\n\(redirect)".utf8) }
        init(storedBytes: [UInt8]) throws {
            let lines = String(decoding: storedBytes, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false)
            self.init(provider: String(lines[0]), redirect: String(lines.last ?? ""))
        }
    }

    func read(_ rows: any RowReader) throws -> StoredLoginState? {
        try SessionStore.loginState(hash: stateHash, rows)
    }

    func decide(
        _ state: StoredLoginState?, at now: Timestamp
    ) throws(Refusal) -> Plan<UsedLogin> {
        guard let state, now.milliseconds < state.expiresMilliseconds else {
            throw Refusal(code: 16, message: "登录状态无效、已使用或已过期，请重新登录", details: [])
        }
        return Plan(
            writes: [SessionStore.deleteLoginState(hash: stateHash)], messages: [], audit: [],
            reply: UsedLogin(provider: state.provider, redirect: state.redirect))
    }
}

/// Signs in the agent that a provider vouches for. The first login of a USCC makes the unit
/// (incomplete) with the agent as its administrator; a person is (issuer, subject), never a name.
struct SignInAgent: Command {
    let issuer: String
    let subject: String
    /// The unit, should it be a new one.
    let newUnit: StoredUnit
    /// The person, should it be a new one; otherwise what the provider says now, under the stored id.
    let person: StoredPerson
    let tokenHash: [UInt8]

    struct Facts: Sendable {
        let unit: StoredUnit?
        let person: StoredPerson?
        let officer: StoredOfficer?
        let sessions: Int64
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let unit = try UnitStore.unit(uscc: newUnit.uscc, rows)
        let known = try PersonStore.person(issuer: issuer, subject: subject, rows)
        return Facts(
            unit: unit, person: known,
            officer: try unit.flatMap { unit in
                try known.flatMap { try PersonStore.officer($0.id, unit: unit.id, rows) }
            },
            sessions: try known.map { try SessionStore.count(of: $0.id, rows) } ?? 0)
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        if let known = facts.person, known.id != person.id {
            // Made by another login since the numbers were sealed for this id.
            throw .busy("登录正在处理，请重试")
        }
        var writes: [Statement] = []
        var audit: [AuditEntry] = []
        func note(_ action: String, _ object: String, _ after: [(String, String)]) {
            audit.append(
                AuditEntry(
                    actor: "person:\(person.id)", action: action, object: object, before: [],
                    after: after))
        }
        let unit = facts.unit ?? newUnit
        guard unit.state.admitsOfficers else { throw .denied("该单位已停用，请联系人社部门") }
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
            writes.append(
                PersonStore.insert(
                    StoredOfficer(
                        unitID: unit.id, personID: person.id, role: .unitAdministrator,
                        isActive: true), at: now))
            note(
                "identity.officer.join", "unit:\(unit.id)",
                [("person", person.id), ("role", "administrator"), ("issuer", issuer)])
        }
        note("identity.session.open", "person:\(person.id)", [("way", issuer)])
        return Plan(
            writes: writes
                + startSession(
                    tokenHash: tokenHash, person: person.id, unit: unit.id,
                    existing: facts.sessions, at: now),
            messages: [], audit: audit, reply: Done())
    }
}
