import Domain
import Messages
import ServiceRuntime
import Storage

// Corrections of confirmed records (Q2), by the HR department of the unit's jurisdiction and nobody else.

/// Who issues a correction, and by which document.
struct Issue: Sendable {
    let personID: String
    let name: String
    /// 依据: the document's id is the correction's.
    let document: Common.Attachment

    /// At most, in characters.
    static let longestReason = 500
}

extension StoredRecord {
    /// Only what is confirmed and in force is corrected, and only as it was seen.
    fileprivate func requireInForce(version expected: Int64) throws(Refusal) {
        switch state {
        case .confirmed: break
        case .superseded: throw .precondition("该岗位核准信息已被更正件取代，请更正最新的一版")
        default: throw .precondition("岗位核准信息尚未提交，由用人单位自行修改")
        }
        guard version == expected else { throw .conflict(current: version) }
    }
}

extension StoredLevel {
    /// Nothing is approved below what is reserved and consumed already.
    fileprivate func requireEnough(in year: Int32, asked: Int64) throws(Refusal) {
        guard unlimited || (recommended...100_000).contains(asked) else {
            let problem =
                asked > 100_000 ? "超过 100000 个" : "少于已推荐（已预留和已使用）的 \(recommended) 个"
            throw .precondition(
                "\(level.label)级职称更正后为 \(asked) 个，\(problem)", detail: facts(year: year))
        }
    }
}

extension FormCheck {
    fileprivate mutating func reason(_ reason: String, _ label: String) -> String {
        text(
            reason, "reason", label, required: true, longest: Issue.longestReason, hasLines: true)
    }
}

/// 补充核准: adds to, or takes from, what is approved. The record stays as it was submitted.
struct SupplementRecord: Command {
    /// Of one record; more is a case for a superseding record.
    static let most = 100

    let issue: Issue
    let request: Quota.SupplementRecordRequest

    struct Found: Sendable {
        let record: StoredRecord
        let supplements: [Quota.Supplement]
    }

    func read(_ rows: any RowReader) throws -> Found? {
        try QuotaStore.record(request.id, rows).map {
            Found(record: $0, supplements: try QuotaStore.supplements(of: $0.id, rows))
        }
    }

    func decide(_ facts: Found?, at now: Timestamp) throws(Refusal) -> Plan<Quota.Record> {
        guard let facts else { throw .notFound("岗位核准信息") }
        try facts.record.requireInForce(version: request.expectedVersion)
        guard facts.supplements.count < Self.most else {
            throw .precondition("一条岗位核准信息最多 \(Self.most) 次补充核准，请出具更正件")
        }
        var check = FormCheck()
        let reason = check.reason(request.reason, "补充理由")
        checkChanges(facts.record, &check)
        try check.finish()
        let supplement = Quota.Supplement(
            id: issue.document.id, number: Int32(facts.supplements.count + 1),
            changes: request.changes.sorted { $0.level.rawValue < $1.level.rawValue },
            reason: reason, document: issue.document,
            issuedByName: issue.name, issuedMs: now.milliseconds)
        var levels: [StoredLevel] = []
        var writes = QuotaStore.insert(supplement, to: facts.record.id, by: issue.personID)
        for level in facts.record.levels {
            guard let change = request.changes.first(where: { $0.level == level.level }) else {
                levels.append(level)
                continue
            }
            try level.requireEnough(
                in: facts.record.year, asked: level.approved + change.change)
            let next = level.entering(approved: change.change)
            levels.append(next)
            writes += QuotaStore.enter(
                .supplement, by: supplement.id, next, record: facts.record.id, at: now)
        }
        let supplemented = facts.record.changed(levels: levels)
        return Plan(
            writes: [QuotaStore.supplemented(supplemented)] + writes,
            messages: [
                Announcement.of(supplemented, .supplemented, by: issue.personID).message
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(issue.personID)", action: "quota.record.supplement",
                    object: "record:\(supplemented.id)", before: facts.record.audited,
                    after: supplemented.audited + [("supplement", supplement.id)])
            ], reply: supplemented.message(facts.supplements + [supplement]))
    }

    private func checkChanges(_ record: StoredRecord, _ check: inout FormCheck) {
        if request.changes.isEmpty { check.fault("changes", "补充空缺数", "请至少填写一个级别") }
        if Set(request.changes.map(\.level)).count < request.changes.count {
            check.fault("changes", "补充空缺数", "同一级别不能填写两次")
        }
        for change in request.changes {
            let field = "changes.\(change.level.rawValue)"
            guard let level = record.levels.first(where: { $0.level == change.level }) else {
                check.fault(field, "职称级别", "级别未知")
                continue
            }
            if level.unlimited {
                check.fault(field, level.level.label, "该级别不限空缺数，如需限制请出具更正件")
            }
            if change.change == 0 || !(-100_000...100_000).contains(change.change) {
                check.fault(field, level.level.label, "应为 -100000 至 100000 的整数，不能为 0")
            }
        }
    }
}

/// 更正: a corrected record takes the place of a confirmed one, with all that is reserved and consumed of it.
struct SupersedeRecord: Command {
    /// Of one unit's year.
    static let mostEditions: Int32 = 999

    let issue: Issue
    let request: Quota.SupersedeRecordRequest

    func read(_ rows: any RowReader) throws -> StoredRecord? {
        try QuotaStore.record(request.id, rows)
    }

    func decide(_ record: StoredRecord?, at now: Timestamp) throws(Refusal) -> Plan<Quota.Record> {
        guard let record else { throw .notFound("岗位核准信息") }
        try record.requireInForce(version: request.expectedVersion)
        guard record.edition < Self.mostEditions else {
            throw .precondition("该年度的岗位核准信息最多 \(Self.mostEditions) 版")
        }
        var check = FormCheck()
        let reason = check.reason(request.reason, "更正理由")
        let faults = check.faults + SaveRecord.faults(request.vacancies)
        guard faults.isEmpty else { throw .invalid(faults) }

        let closed = record.changed(state: .superseded)
        let opened = try successor(of: record, reason: reason, at: now)
        var handOver: [Statement] = []
        for (old, new) in zip(record.levels, opened.levels) where old.recommended > 0 {
            let nothing = old.entering(reserved: -old.reserved, consumed: -old.consumed)
            handOver += QuotaStore.enter(.close, by: opened.id, nothing, record: closed.id, at: now)
            handOver += QuotaStore.enter(.open, by: closed.id, new, record: opened.id, at: now)
        }
        return Plan(
            writes: QuotaStore.supersede(closed, by: opened, at: now) + handOver
                + [QuotaStore.moveReservations(from: closed.id, to: opened.id)],
            messages: [
                Announcement.of(closed, .superseded(opened.edition), by: issue.personID).message
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(issue.personID)", action: "quota.record.supersede",
                    object: "record:\(closed.id)", before: record.audited,
                    after: closed.audited + [("successor", opened.id)]),
                AuditEntry(
                    actor: "person:\(issue.personID)", action: "quota.record.issue",
                    object: "record:\(opened.id)", after: opened.audited),
            ], reply: opened.message())
    }

    private func successor(
        of record: StoredRecord, reason: String, at now: Timestamp
    ) throws(Refusal) -> StoredRecord {
        var levels: [StoredLevel] = []
        for old in record.levels {
            guard let given = request.vacancies.first(where: { $0.level == old.level }) else {
                continue
            }
            let new = StoredLevel(
                level: old.level, unlimited: given.unlimited, approved: given.count,
                reserved: old.reserved, consumed: old.consumed, entries: old.recommended > 0 ? 1 : 0
            )
            try new.requireEnough(in: record.year, asked: new.approved)
            levels.append(new)
        }
        return StoredRecord(
            id: issue.document.id, unitID: record.unitID, year: record.year, state: .confirmed,
            version: 1, createdMilliseconds: now.milliseconds, form: issue.document,
            levels: levels, edition: record.edition + 1,
            correction: StoredRecord.Correction(
                reason: reason, personID: issue.personID, name: issue.name))
    }
}
