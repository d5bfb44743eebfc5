import Domain
import Messages
import ServiceRuntime
import Storage

/// Rows of a spreadsheet as registrations that wait for the unit's review, all of them or none (E2).
///
/// A person whose number is new here comes with no account: who makes one for that number, or signs in with it, finds the registration.
struct ImportPersons: Command {
    /// The most faults that a refusal names; a check names all of them.
    private static let mostFaultsOfARefusal = 100

    let officer: Officer
    let sheet: PersonSheet
    /// One for each row, sealed for the person that is known, or for a new one.
    let persons: [Person]

    struct Person: Sendable {
        let person: StoredPerson
        let isNew: Bool
        let form: RegistrationForm
        let registrationID: String
    }

    struct Facts: Sendable {
        let unit: StoredUnit?
        let officers: [ActiveOfficer]
        let standings: [PersonStanding]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            unit: try UnitStore.unit(officer.unit.id, rows),
            officers: try OfficerStore.active(unit: officer.unit.id, rows),
            standings: try PersonStanding.read(sheet.keys, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.ImportPersonsReply> {
        let faults = sheet.faults(facts.standings)
        guard faults.isEmpty else {
            throw .invalid(faults.prefix(Self.mostFaultsOfARefusal).map(\.fieldFault))
        }
        guard let unit = facts.unit, unit.state == .active else {
            throw .precondition("单位未启用")
        }
        var writes: [Statement] = []
        var audit: [AuditEntry] = []
        var messages: [OutboxMessage] = []
        for (row, standing) in zip(persons, facts.standings) {
            // Made by another request since the numbers were sealed for this id.
            guard (standing.person?.id ?? row.person.id) == row.person.id,
                (standing.person == nil) == row.isNew
            else { throw .busy("人员信息刚刚有变化，请重试") }
            let registration = StoredRegistration(
                id: row.registrationID, personID: row.person.id, unitID: unit.id, round: 1,
                version: 1, phase: .registered, form: row.form,
                registeredMilliseconds: now.milliseconds)
            let step = StoredFlowStep(
                node: FlowNode.applicant, action: "单位导入", actorID: officer.personID,
                actorName: officer.name, opinion: "", atMilliseconds: now.milliseconds)
            if row.isNew { writes.append(PersonStore.insert(row.person, at: now)) }
            writes += [
                RegistrationStore.insert(registration),
                RegistrationStore.append(step, to: registration.id),
            ]
            let region = facts.officers.referral(of: row.form.idIndex, in: unit)
            writes += ReviewStore.open(registration, referredTo: region, at: now)
            messages.append(
                Announcement.of(
                    registration, after: nil, referredTo: region, by: officer.personID,
                    task: registration.opened(region: unit.details.region)
                ).message)
            audit.append(
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "identity.registration.import",
                    object: "registration:\(registration.id)", before: [],
                    after: registration.audited))
        }
        return Plan(
            writes: writes, messages: messages, audit: audit,
            reply: Identity.ImportPersonsReply(imported: Int64(persons.count)))
    }
}

extension Identity.ImportPersonsReply: StorableReply {}

/// What is known of a row's ID number.
struct PersonStanding: Sendable {
    let person: StoredPerson?
    let isRegistered: Bool

    /// One for each key, in their order.
    static func read(_ keys: [[UInt8]], _ rows: any RowReader) throws -> [PersonStanding] {
        try keys.map { key in
            let person = key.isEmpty ? nil : try PersonStore.applicant(idIndex: key, rows)
            return PersonStanding(
                person: person,
                isRegistered: try person.map {
                    try RegistrationStore.live(of: $0.id, rows) != nil
                } ?? false)
        }
    }
}

/// The rows of an import, checked as `RegisterPerson` checks a form. Only residents' ID numbers: with another document the person
/// registers, as nobody else could tell whose it is.
struct PersonSheet: Sendable {
    /// The most rows of one call.
    static let mostRows = 1_000
    private static let labels = [
        ("name", "姓名"), ("sex", "性别"), ("id_number", "证件号码"), ("phone", "手机号"),
        ("political_status", "政治面貌"), ("email", "邮箱"),
    ]

    /// Nil for a row with a fault.
    private(set) var inputs: [RegistrationInput?] = []
    /// The keyed index of each row's number; empty for a row with a fault.
    private(set) var keys: [[UInt8]] = []
    private var found: [Common.ImportFault] = []

    /// - Parameter index: the keyed index of an ID number.
    /// - Throws: what is wrong with the request as a whole.
    init(
        _ request: Identity.ImportPersonsRequest, today: CivilDay, index: (String) -> [UInt8]
    ) throws(Refusal) {
        var check = FormCheck()
        if !(1...Self.mostRows).contains(request.rows.count) {
            check.fault("rows", "行数", "一次导入 1 至 \(Self.mostRows) 行，实际 \(request.rows.count) 行")
        }
        let known = Self.labels.map(\.0)
        for field in request.fields.prefix(100) where !known.contains(field) {
            check.fault("fields", "列", "没有可导入的字段“\(field.prefix(40))”")
        }
        if request.fields.isEmpty || request.fields.count > known.count {
            check.fault(
                "fields", "列数", "应为 1 至 \(known.count) 列，实际 \(request.fields.count) 列")
        }
        if Set(request.fields).count < request.fields.count {
            check.fault("fields", "列", "有重复的列")
        }
        try check.finish()
        var firstRows: [[UInt8]: Int] = [:]
        for (offset, row) in request.rows.enumerated() {
            add(row, number: offset + 1, request.fields, today, index, &firstRows)
        }
    }

    private mutating func add(
        _ row: Common.ImportRow, number: Int, _ fields: [String], _ today: CivilDay,
        _ index: (String) -> [UInt8], _ firstRows: inout [[UInt8]: Int]
    ) {
        var check = FormCheck()
        if row.cells.count > fields.count {
            check.fault("", "行", "有 \(row.cells.count) 个单元格，只有 \(fields.count) 列")
        }
        let cells = Dictionary(
            zip(fields, row.cells).map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
        let input = RegistrationInput(
            Identity.RegisterPersonRequest(
                name: cells["name"] ?? "", sex: cells["sex"] ?? "",
                idDocument: IDDocument.residentCard.rawValue, idNumber: cells["id_number"] ?? "",
                phone: cells["phone"] ?? "", politicalStatus: cells["political_status"] ?? "",
                email: cells["email"] ?? ""), today: today, &check)
        var key: [UInt8] = []
        if let input {
            key = index(input.idNumber)
            if let first = firstRows[key] {
                check.fault("id_number", "证件号码", "与第 \(first) 行相同")
            } else {
                firstRows[key] = number
            }
        }
        let isFit = check.faults.isEmpty
        inputs.append(isFit ? input : nil)
        keys.append(isFit ? key : [])
        found += check.faults.map { Common.ImportFault($0, row: number) }
    }

    /// All faults, in the order of the rows: those of the forms, and of who is registered already.
    func faults(_ standings: [PersonStanding]) -> [Common.ImportFault] {
        let taken = zip(1..., standings).filter(\.1.isRegistered).map { row, _ in
            Common.ImportFault(
                FieldFault(field: "id_number", label: "证件号码", message: "已有人员注册，不能重复注册"),
                row: row)
        }
        // The sort is stable: within a row the form's order stays.
        return (found + taken).sorted { $0.row < $1.row }
    }
}
