import Domain
import Messages
import ServiceRuntime
import Storage

/// Who looks after accounts and officers.
struct AccountAuthority: Sendable, Hashable {
    /// How far the authority reaches.
    enum Scope: Sendable, Hashable {
        /// The operator's command, and services.
        case everywhere
        /// An HR department's region.
        case region(String)
        /// An officer's own unit.
        case unit(String)
    }

    /// For the audit.
    let actor: String
    let scope: Scope

    /// Whether the region is the authority's own or lies within it; never for a unit's officer.
    func covers(region other: String) -> Bool {
        switch scope {
        case .everywhere: return true
        case .unit: return false
        case .region(let code):
            guard let mine = Region(code: code), let other = Region(code: other) else {
                return false
            }
            return mine.covers(other)
        }
    }

    /// Whether the unit is the authority's own or lies within its region.
    func covers(_ unit: StoredUnit) -> Bool {
        if case .unit(let own) = scope { return own == unit.id }
        return covers(region: unit.details.region)
    }
}

/// 内置单位账号: files a unit that cannot use SSO, with its first officer's account (I4).
struct CreateBuiltInUnit: Command {
    let authority: AccountAuthority
    let unit: StoredUnit
    let person: StoredPerson
    let account: StoredAccount
    let audited: [AuditedValue]

    func read(_ rows: any RowReader) throws -> Bool {
        try PersonStore.account(account.account, rows) != nil
    }

    func decide(_ isTaken: Bool, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        guard authority.covers(region: unit.details.region) else {
            throw .denied("单位属地不在本部门管辖范围内")
        }
        guard !isTaken else { throw .exists("账号 \(account.account) 已被使用") }
        return Plan(
            writes: [
                UnitStore.insert(unit, created: now, submitted: now),
                PersonStore.insert(person, at: now),
                PersonStore.insert(
                    StoredOfficer(
                        unitID: unit.id, personID: person.id, role: .unitAdministrator,
                        isActive: true), at: now),
                PersonStore.insert(account, at: now),
            ], messages: [],
            audit: [
                AuditEntry(
                    actor: authority.actor, action: "identity.unit.built_in_create",
                    object: "unit:\(unit.id)", before: [],
                    after: [
                        ("name", unit.name), ("uscc", unit.uscc), ("state", unit.state.rawValue),
                    ] + audited.map { ($0.name, $0.value) }),
                AuditEntry(
                    actor: authority.actor, action: "identity.account.create",
                    object: "person:\(person.id)", before: [],
                    after: [("account", account.account), ("unit", unit.id)]),
            ], reply: Done())
    }
}

/// An account of another party, or of a further officer of a unit.
struct CreateAccount: Command {
    let authority: AccountAuthority
    let person: StoredPerson
    let account: StoredAccount
    /// For officers: the unit, and the role there.
    let office: StoredOfficer?
    let announcement: OfficerAnnouncement

    struct Facts: Sendable {
        let isTaken: Bool
        let unit: StoredUnit?
        let applicant: StoredPerson?
        /// Of the unit where that one is registered; "" for none.
        let applicantRegion: String
        /// Whether that one has an account or comes through a provider.
        let isInUse: Bool
        /// Active ones of the unit.
        let officers: Int64
        let colleagues: [ActiveOfficer]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let applicant =
            person.kind == .applicant
            ? try person.idIndex.flatMap { try PersonStore.applicant(idIndex: $0, rows) } : nil
        return Facts(
            isTaken: try PersonStore.account(account.account, rows) != nil,
            unit: try office.flatMap { try UnitStore.unit($0.unitID, rows) },
            applicant: applicant,
            applicantRegion: try applicant.flatMap { try RegistrationStore.live(of: $0.id, rows) }
                .flatMap { try UnitStore.unit($0.unitID, rows) }?.details.region ?? "",
            isInUse: try applicant.map { try PersonStore.canSignIn($0.id, rows) } ?? false,
            officers: try office.map { try OfficerStore.count(unit: $0.unitID, rows).active } ?? 0,
            colleagues: try office.map { try OfficerStore.active(unit: $0.unitID, rows) } ?? [])
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<AccountOwner> {
        if office != nil {
            guard let unit = facts.unit, authority.covers(unit) else { throw .notFound("单位") }
            guard unit.state == .active else { throw .precondition("单位未启用") }
            guard facts.officers < OfficerStore.most else {
                throw .precondition("每个单位最多 \(OfficerStore.most) 名经办人")
            }
        }
        guard !facts.isTaken else { throw .exists("账号 \(account.account) 已被使用") }
        if let known = facts.applicant {
            // Whose number it is and what became of it is only for those who look after that person.
            guard authority.covers(region: facts.applicantRegion) else {
                throw .precondition("不能用该身份证号码创建账号，请核对；如无误，请联系系统运维人员")
            }
            guard !facts.isInUse else { throw .exists("该身份证号码已有申报人账号") }
            guard known.name == person.name else {
                throw .precondition("该身份证号码已由单位导入，姓名与导入的不一致")
            }
        }
        // Somebody whom a unit imported has a registration already, and now an account for it.
        let owner = facts.applicant?.id ?? person.id
        var writes = facts.applicant == nil ? [PersonStore.insert(person, at: now)] : []
        if let office { writes.append(PersonStore.insert(office, at: now)) }
        writes.append(PersonStore.insert(account.of(owner), at: now))
        let changes = facts.unit.map {
            announcement.messages(unit: $0, joining: facts.colleagues)
        }
        return Plan(
            writes: writes, messages: joining(facts.unit, at: now) + (changes ?? []),
            audit: [
                AuditEntry(
                    actor: authority.actor, action: "identity.account.create",
                    object: "person:\(owner)", before: [],
                    after: [
                        ("account", account.account), ("kind", person.kind.rawValue),
                        ("unit", office?.unitID ?? ""), ("region", person.region),
                        ("committee", person.committeeID),
                    ])
            ], reply: AccountOwner(personID: owner))
    }

    /// The unit's officers are told of a new one.
    private func joining(_ unit: StoredUnit?, at now: Timestamp) -> [OutboxMessage] {
        guard let office, let unit else { return [] }
        let officer = ListedOfficer(
            officer: office, name: person.name, account: account.account,
            isRecorded: person.idIndex != nil, sinceMilliseconds: now.milliseconds)
        return [Announcement.joined(officer, in: unit, by: authority, at: now).message]
    }
}

/// Whose account was made.
struct AccountOwner: StorableReply {
    let personID: String

    init(personID: String) { self.personID = personID }

    func storedBytes() throws -> [UInt8] { Array(personID.utf8) }
    init(storedBytes: [UInt8]) throws {
        personID = String(decoding: storedBytes, as: UTF8.self)
    }
}

/// The officer's own name and ID number, before the first decision (I10); never changed afterwards.
struct RecordOfficer: Command {
    let personID: String
    let name: String
    let idNumber: [UInt8]
    let idIndex: [UInt8]
    /// The unit that the officer signed in for; nil for the other parties.
    let unitID: String?
    let announcement: OfficerAnnouncement

    struct Facts: Sendable {
        let person: StoredPerson?
        let unit: StoredUnit?
        let officers: [ActiveOfficer]
        /// How much of this officer waits for a review of the unit.
        let waiting: Int64
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let unit = try unitID.flatMap { try UnitStore.unit($0, rows) }
        return Facts(
            person: try PersonStore.person(personID, rows), unit: unit,
            officers: try unitID.map { try OfficerStore.active(unit: $0, rows) } ?? [],
            waiting: try unit.map { try ReviewStore.waiting(of: idIndex, $0, rows) } ?? 0)
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Done> {
        guard var person = facts.person else { throw .notFound("账号") }
        if let recorded = person.idIndex {
            guard recorded == idIndex, person.name == name else {
                throw .precondition("经办人信息已经登记，不可更改")
            }
            return Plan(writes: [], messages: [], audit: [], reply: Done())
        }
        person.name = name
        person.idNumber = idNumber
        person.idIndex = idIndex
        // Only now it can be told whether the unit's only officer is somebody who waits for a review.
        var referrals: [Statement] = []
        var messages: [OutboxMessage] = []
        if let unit = facts.unit, facts.officers.map(\.personID) == [personID] {
            referrals = ReviewStore.refer(idIndex, unit)
            messages =
                announcement.messages(unit: unit, soleKey: idIndex)
                + Announcement.referred(facts.waiting, at: unit, now)
        }
        return Plan(
            writes: [PersonStore.update(person)] + referrals, messages: messages,
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "identity.officer.record",
                    object: "person:\(personID)", before: [("recorded", "0")],
                    after: [("recorded", "1")])
            ], reply: Done())
    }
}
