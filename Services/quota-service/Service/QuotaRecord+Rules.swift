import Domain
import Messages
import ServiceRuntime
import Storage

/// What is stored of a record, as the rules see it.
struct StoredRecord: Sendable {
    let id: String
    let unitID: String
    let year: Int32
    let state: Quota.RecordState
    let version: Int64
    let createdMilliseconds: Int64
    let form: Common.Attachment?
    let levels: [StoredLevel]
    /// Of the year: 1, and one more for each that superseded the one before.
    var edition: Int32 = 1
    /// Of a superseding record.
    var correction: Correction?

    /// Why the HR department issued a superseding record, and who there.
    struct Correction: Sendable {
        let reason: String
        let personID: String
        let name: String
    }

    /// The record as the unit and its HR department see it.
    /// - Parameter supplements: all of them, oldest first; what they changed is in the levels already.
    func message(_ supplements: [Quota.Supplement] = []) -> Quota.Record {
        let changes = supplements.flatMap(\.changes)
        return Quota.Record(
            id: id, unitID: unitID, year: year,
            vacancies: levels.map { level in
                let added = changes.filter { $0.level == level.level }.reduce(0) { $0 + $1.change }
                return Quota.Vacancies(
                    level: level.level, unlimited: level.unlimited, count: level.approved - added)
            },
            state: state, recommended: levels.reduce(0) { $0 + $1.recommended },
            createdMs: createdMilliseconds, version: version, approvalForm: form,
            edition: edition,
            approved: levels.map {
                Quota.Vacancies(level: $0.level, unlimited: $0.unlimited, count: $0.approved)
            }, supplements: supplements, reason: correction?.reason ?? "",
            issuedByName: correction?.name ?? "")
    }
}

/// One level of a record with what is taken of it.
struct StoredLevel: Sendable {
    let level: Common.QuotaLevel
    let unlimited: Bool
    /// In force: with the supplements. 0 when unlimited.
    var approved: Int64
    var reserved: Int64
    var consumed: Int64
    /// How many ledger entries the level has.
    var entries: Int64

    /// 已推荐.
    var recommended: Int64 { reserved + consumed }
    var remaining: Int64 { unlimited ? 0 : approved - reserved - consumed }
    var hasVacancy: Bool { unlimited || remaining > 0 }

    /// The level after one more ledger entry that adds so much.
    func entering(
        approved: Int64 = 0, reserved: Int64 = 0, consumed: Int64 = 0
    ) -> StoredLevel {
        var next = self
        next.approved += approved
        next.reserved += reserved
        next.consumed += consumed
        next.entries += 1
        return next
    }

    func facts(year: Int32) -> Common.VacancyFacts {
        Common.VacancyFacts(
            year: year, level: level, unlimited: unlimited, approved: approved,
            recommended: recommended)
    }
}

extension Common.QuotaLevel {
    /// The four levels in the order of the screen.
    static let all: [Common.QuotaLevel] = [
        .seniorFull, .seniorAssociate, .intermediate, .junior,
    ]

    /// 正高, 副高, 中级, 初级.
    var label: String {
        switch self {
        case .seniorFull: "正高"
        case .seniorAssociate: "副高"
        case .intermediate: "中级"
        case .junior: "初级"
        default: "未知"
        }
    }
}

/// 新增 and edits of a draft (manual 7.2): public institutions only, one record per year, each
/// level given.
struct SaveRecord: Command {
    let officer: Officer
    let request: Quota.SaveRecordRequest
    /// Of the record, should it be a new one.
    let newID: String

    struct Facts: Sendable {
        let existing: StoredRecord?
        let sameYear: StoredRecord?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            existing: request.id.isEmpty
                ? nil : try QuotaStore.record(request.id, unit: officer.unit.id, rows),
            sameYear: try QuotaStore.liveRecord(
                unit: officer.unit.id, year: request.year, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Quota.Record> {
        guard officer.unit.quotaRequired else {
            throw .denied("仅事业单位需要录入岗位核准信息")
        }
        let faults = Self.faults(request)
        guard faults.isEmpty else { throw .invalid(faults) }
        if !request.id.isEmpty, facts.existing == nil { throw .notFound("岗位核准信息") }
        if let existing = facts.existing {
            guard existing.state == .draft else { throw .precondition("岗位核准信息已提交，不可再更改") }
            guard existing.version == request.expectedVersion else {
                throw .conflict(current: existing.version)
            }
        }
        if let sameYear = facts.sameYear, sameYear.id != request.id {
            throw .exists("\(request.year) 年度的岗位核准信息已经录入")
        }
        let record = StoredRecord(
            id: facts.existing?.id ?? newID, unitID: officer.unit.id, year: request.year,
            state: .draft, version: (facts.existing?.version ?? 0) + 1,
            createdMilliseconds: facts.existing?.createdMilliseconds ?? now.milliseconds,
            form: facts.existing?.form,
            levels: Common.QuotaLevel.all.compactMap { level in
                request.vacancies.first { $0.level == level }.map {
                    StoredLevel(
                        level: level, unlimited: $0.unlimited, approved: $0.count, reserved: 0,
                        consumed: 0, entries: 0)
                }
            })
        return Plan(
            writes: QuotaStore.save(record, isNew: facts.existing == nil), messages: [],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "quota.record.save",
                    object: "record:\(record.id)", before: facts.existing?.audited ?? [],
                    after: record.audited)
            ], reply: record.message())
    }

    /// Every fault of the form 新增岗位核准信息 (screen 7-4).
    static func faults(_ request: Quota.SaveRecordRequest) -> [FieldFault] {
        var faults: [FieldFault] = []
        if !(2000...2100).contains(request.year) {
            faults.append(
                FieldFault(field: "year", label: "核准年度", message: "应为 2000 至 2100 之间的年度"))
        }
        return faults + Self.faults(request.vacancies)
    }

    /// Every fault of the four levels: each once, a count or 不限.
    static func faults(_ vacancies: [Quota.Vacancies]) -> [FieldFault] {
        var faults: [FieldFault] = []
        for level in Common.QuotaLevel.all {
            let given = vacancies.filter { $0.level == level }
            // 正高级职称, 副高级职称, 中级职称, 初级职称 (screen 7-4).
            let label = level.label + (level.label.hasSuffix("级") ? "职称" : "级职称")
            let field = "vacancies.\(level.rawValue)"
            switch (given.count, given.first) {
            case (1, let vacancy?):
                if vacancy.unlimited, vacancy.count != 0 {
                    faults.append(
                        FieldFault(field: field, label: label, message: "选择不限时不应再填写空缺数"))
                } else if !(0...100_000).contains(vacancy.count) {
                    faults.append(
                        FieldFault(field: field, label: label, message: "空缺数应为 0 至 100000 的整数或不限"))
                }
            case (0, _):
                faults.append(
                    FieldFault(field: field, label: label, message: "不能为空，请填写空缺数或选择不限"))
            default:
                faults.append(FieldFault(field: field, label: label, message: "重复填写"))
            }
        }
        if vacancies.contains(where: { !Common.QuotaLevel.all.contains($0.level) }) {
            faults.append(FieldFault(field: "vacancies", label: "职称级别", message: "级别未知"))
        }
        return faults
    }
}

/// 提交: the record is confirmed and never changes again (Q2).
struct SubmitRecord: Command {
    let officer: Officer
    let request: Quota.SubmitRecordRequest

    func read(_ rows: any RowReader) throws -> StoredRecord? {
        try QuotaStore.record(request.id, unit: officer.unit.id, rows)
    }

    func decide(_ record: StoredRecord?, at now: Timestamp) throws(Refusal) -> Plan<Quota.Record> {
        guard let record else { throw .notFound("岗位核准信息") }
        guard record.state == .draft else { throw .precondition("岗位核准信息已提交，不可再更改") }
        guard record.version == request.expectedVersion else {
            throw .conflict(current: record.version)
        }
        guard record.form != nil else {
            throw .invalid([
                FieldFault(
                    field: "approval_form", label: "相关附件",
                    message: "请先上传经人社部门审核盖章的岗位核准表 (doc/docx/pdf/jpg)")
            ])
        }
        let confirmed = record.changed(state: .confirmed)
        return Plan(
            writes: [QuotaStore.confirm(confirmed, at: now, from: record.version)],
            messages: [Announcement.of(confirmed, .confirmed, by: officer.personID).message],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "quota.record.submit",
                    object: "record:\(record.id)", before: record.audited,
                    after: confirmed.audited)
            ], reply: confirmed.message())
    }
}

/// Deletes a draft.
struct DeleteRecord: Command {
    let officer: Officer
    let request: Quota.DeleteRecordRequest

    func read(_ rows: any RowReader) throws -> StoredRecord? {
        try QuotaStore.record(request.id, unit: officer.unit.id, rows)
    }

    func decide(
        _ record: StoredRecord?, at now: Timestamp
    ) throws(Refusal) -> Plan<Quota.DeleteRecordReply> {
        guard let record else { throw .notFound("岗位核准信息") }
        guard record.state == .draft else { throw .precondition("岗位核准信息已提交，不可删除") }
        guard record.version == request.expectedVersion else {
            throw .conflict(current: record.version)
        }
        return Plan(
            writes: [QuotaStore.delete(record)], messages: [],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "quota.record.delete",
                    object: "record:\(record.id)", before: record.audited, after: [])
            ], reply: Quota.DeleteRecordReply())
    }
}

/// Attaches the approval form (one file) to a draft; a second upload replaces the first.
struct AttachForm: Command {
    let officer: Officer
    let recordID: String
    let form: Common.Attachment

    func read(_ rows: any RowReader) throws -> StoredRecord? {
        try QuotaStore.record(recordID, unit: officer.unit.id, rows)
    }

    func decide(
        _ record: StoredRecord?, at now: Timestamp
    ) throws(Refusal) -> Plan<Common.Attachment> {
        guard let record else { throw .notFound("岗位核准信息") }
        guard record.state == .draft else { throw .precondition("岗位核准信息已提交，不可再更改") }
        return Plan(
            writes: [QuotaStore.attach(form, to: record)], messages: [],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "quota.record.attach",
                    object: "record:\(record.id)", before: [],
                    after: [("bytes", String(form.byteCount))])
            ], reply: form)
    }
}

extension StoredRecord {
    /// The next version of the row.
    func changed(
        state: Quota.RecordState? = nil, levels: [StoredLevel]? = nil
    ) -> StoredRecord {
        StoredRecord(
            id: id, unitID: unitID, year: year, state: state ?? self.state, version: version + 1,
            createdMilliseconds: createdMilliseconds, form: form, levels: levels ?? self.levels,
            edition: edition, correction: correction)
    }

    /// For the audit: nothing here is personal.
    var audited: [(String, String)] {
        [
            ("year", String(year)), ("edition", String(edition)),
            ("state", String(state.rawValue)), ("version", String(version)),
        ]
            + levels.map { ($0.level.label, $0.unlimited ? "不限" : String($0.approved)) }
    }
}
