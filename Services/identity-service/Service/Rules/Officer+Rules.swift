import Domain
import Messages
import ServiceRuntime
import Storage

extension Identity.UnitOfficer: StorableReply {}

/// What the rules of a unit's officers are held against.
struct OfficerFacts: Sendable {
    let unit: StoredUnit
    let officer: ListedOfficer
    let administrators: Int64
    let active: Int64
    let colleagues: [ActiveOfficer]
    /// How much of the only colleague waits for a review, should this officer leave.
    let waiting: Int64

    /// - Throws: the same refusal for an unknown unit and for one that the authority does not cover.
    init(
        _ person: String, unit id: String, _ authority: AccountAuthority, _ rows: any RowReader
    ) throws {
        guard let unit = try UnitStore.unit(id, rows), authority.covers(unit) else {
            throw Refusal.notFound("单位")
        }
        guard let officer = try OfficerStore.officer(person, unit: id, rows) else {
            throw Refusal.notFound("经办人")
        }
        self.unit = unit
        self.officer = officer
        (active, administrators) = try OfficerStore.count(unit: id, rows)
        colleagues = try OfficerStore.active(unit: id, rows)
        waiting = try ReviewStore.waiting(
            of: colleagues.soleKey(without: person), unit, rows)
    }

    /// Without an administrator nobody could look after the unit: the last one stays, or hands over.
    func requireAnotherAdministrator() throws(Refusal) {
        guard officer.officer.isActive, officer.officer.role == .unitAdministrator,
            administrators <= 1
        else { return }
        throw .precondition("单位至少保留一名管理员，请先增设管理员或办理更换经办人")
    }
}

/// A change of an officer, with what the audit says of it.
private func changed(
    _ before: ListedOfficer, _ change: (inout StoredOfficer) -> Void, action: String,
    by authority: AccountAuthority, at now: Timestamp
) -> (officer: ListedOfficer, write: Statement, audit: AuditEntry) {
    var after = before
    change(&after.officer)
    after.sinceMilliseconds = now.milliseconds
    func audited(_ officer: StoredOfficer) -> [(String, String)] {
        [("role", "\(officer.role.rawValue)"), ("active", officer.isActive ? "1" : "0")]
    }
    return (
        after, OfficerStore.update(after.officer, at: now),
        AuditEntry(
            actor: authority.actor, action: action,
            object: "officer:\(before.officer.unitID):\(before.officer.personID)",
            before: audited(before.officer), after: audited(after.officer))
    )
}

/// Gives an officer a role; brings back one who left (I5).
struct ChangeOfficer: Command {
    let authority: AccountAuthority
    let unitID: String
    let personID: String
    let role: Identity.Role
    let announcement: OfficerAnnouncement

    struct Facts: Sendable {
        let own: OfficerFacts
        /// The person's active place, wherever it is.
        let place: StoredOfficer?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            own: try OfficerFacts(personID, unit: unitID, authority, rows),
            place: try PersonStore.activeOffice(of: personID, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.UnitOfficer> {
        let officer = facts.own.officer
        guard officer.officer.role != role || !officer.officer.isActive else {
            return Plan(reply: officer.message)
        }
        guard facts.own.unit.state == .active else { throw .precondition("单位未启用") }
        if role != .unitAdministrator { try facts.own.requireAnotherAdministrator() }
        if !officer.officer.isActive {
            // An account signs in for one unit.
            guard officer.account.isEmpty || facts.place == nil else {
                throw .precondition("该经办人已在其他单位任职")
            }
            guard facts.own.active < OfficerStore.most else {
                throw .precondition("每个单位最多 \(OfficerStore.most) 名经办人")
            }
        }
        let change = changed(
            officer, { $0 = $0.with(role: role, isActive: true) },
            action: "identity.officer.change", by: authority, at: now)
        let joining =
            officer.officer.isActive
            ? []
            : announcement.messages(unit: facts.own.unit, joining: facts.own.colleagues)
        return Plan(
            writes: [change.write],
            messages: [
                Announcement.joined(
                    change.officer, in: facts.own.unit, by: authority, at: now
                ).message
            ] + joining,
            audit: [change.audit], reply: change.officer.message)
    }
}

/// An officer leaves: the sessions for this unit end with the commit (I5), and the services that review are told.
struct RemoveOfficer: Command {
    let authority: AccountAuthority
    let unitID: String
    let personID: String
    let announcement: OfficerAnnouncement

    func read(_ rows: any RowReader) throws -> OfficerFacts {
        try OfficerFacts(personID, unit: unitID, authority, rows)
    }

    func decide(
        _ facts: OfficerFacts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.UnitOfficer> {
        guard facts.officer.officer.isActive else { throw .precondition("该经办人已不在本单位") }
        try facts.requireAnotherAdministrator()
        let change = changed(
            facts.officer, { $0 = $0.with(isActive: false) }, action: "identity.officer.remove",
            by: authority, at: now)
        let soleKey = facts.colleagues.soleKey(without: personID)
        return Plan(
            writes: [change.write, SessionStore.deleteAll(of: personID, unit: unitID)]
                + ReviewStore.refer(soleKey, facts.unit),
            messages: announcement.messages(unit: facts.unit, left: personID, soleKey: soleKey)
                + [
                    Announcement.of(
                        change.officer, "removed", "已离任", in: facts.unit, left: personID,
                        by: authority, at: now
                    ).message
                ]
                + Announcement.referred(facts.waiting, at: facts.unit, now),
            audit: [change.audit], reply: change.officer.message)
    }
}

/// 更换经办人: the successor gets the place of the one who leaves, in one step (I5).
struct HandOver: Command {
    let authority: AccountAuthority
    let unitID: String
    let leavingID: String
    let successorID: String
    let announcement: OfficerAnnouncement

    struct Facts: Sendable {
        let leaving: OfficerFacts
        let successor: ListedOfficer?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            leaving: try OfficerFacts(leavingID, unit: unitID, authority, rows),
            successor: try OfficerStore.officer(successorID, unit: unitID, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.UnitOfficer> {
        guard let successor = facts.successor else { throw .notFound("接任的经办人") }
        guard leavingID != successorID else {
            throw .invalid([
                FieldFault(field: "successor_id", label: "接任的经办人", message: "不能是离任的经办人本人")
            ])
        }
        let leaving = facts.leaving.officer
        guard leaving.officer.isActive, successor.officer.isActive else {
            throw .precondition("离任和接任的经办人都应在本单位")
        }
        guard successor.isRecorded else {
            throw .precondition("接任的经办人须先登记姓名和身份证号码 (Identity/RecordOfficer)")
        }
        guard facts.leaving.unit.state.after(.changeAgent) != nil else {
            throw .precondition("单位未启用")
        }
        let left = changed(
            leaving, { $0 = $0.with(isActive: false) }, action: "identity.unit.change_agent",
            by: authority, at: now)
        // Who was an administrator stays one.
        let role =
            leaving.officer.role == .unitAdministrator
            ? Identity.Role.unitAdministrator : successor.officer.role
        let taken = changed(
            successor, { $0 = $0.with(role: role) }, action: "identity.unit.change_agent",
            by: authority, at: now)
        let soleKey = facts.leaving.colleagues.soleKey(without: leavingID)
        return Plan(
            writes: [
                left.write, taken.write, SessionStore.deleteAll(of: leavingID, unit: unitID),
            ] + ReviewStore.refer(soleKey, facts.leaving.unit),
            messages: announcement.messages(
                unit: facts.leaving.unit, left: leavingID, soleKey: soleKey)
                + [
                    Announcement.of(
                        left.officer, "handed_over", "已更换为\(taken.officer.called)",
                        in: facts.leaving.unit, left: leavingID, by: authority, at: now
                    ).message
                ]
                + Announcement.referred(facts.leaving.waiting, at: facts.leaving.unit, now),
            audit: [left.audit, taken.audit], reply: taken.officer.message)
    }
}
