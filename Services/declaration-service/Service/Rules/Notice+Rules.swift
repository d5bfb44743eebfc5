import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.Notice: StorableReply {}

/// 公示 by the unit (D6): what is shown is fixed now, for at least five working days.
struct OpenNotice: Command {
    static let workingDays = 5

    let officer: Officer
    let request: Declaration.OpenNoticeRequest
    let ids: CommandIDs

    func read(_ rows: any RowReader) throws -> RecommendationFacts? {
        try RecommendationFacts.read(request.id, officer, rows)
    }

    func decide(
        _ facts: RecommendationFacts?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Notice> {
        guard let facts else { throw .notFound("申报") }
        let declaration = facts.declaration
        try declaration.requireOther(officer)
        try declaration.requireSettled()
        var changes = Changes(of: declaration, ids: ids)
        try declaration.requireHolder(officer)
        try declaration.requireVersion(request.expectedVersion)
        if declaration.phase == .unitPool { try changes.claim(by: officer) }
        let next = try changes.declaration.target(of: .openPublicity, by: officer.actors)
        guard facts.recommendation.fileCount < RecommendationStore.mostFiles else {
            throw .precondition(
                "材料已有 \(RecommendationStore.mostFiles) 个文件，公示证明放不下，请先删除一个")
        }
        let today = CivilDay(now)
        let last = try WorkingDays.noticeEnd(from: today, workingDays: Self.workingDays)
        let notice = StoredNotice(
            id: ids.object, declarationID: declaration.id, owner: officer.unit.id,
            content: declaration.noticeContent, openedMilliseconds: now.milliseconds,
            openedDay: "\(today)", untilDay: "\(last)", openedByName: officer.name,
            closedMilliseconds: nil, objections: [])
        changes.note(
            "开始公示", node: declaration.phase.node, actor: (officer.personID, officer.name),
            opinion: "公示至 \(last)", at: now)
        changes.apply("declaration.notice.open", by: "person:\(officer.personID)") {
            $0.phase = next
            $0.noticeUntil = "\(last)"
        }
        changes.write([NoticeStore.insert(notice)])
        return changes.plan(notice.message)
    }
}

extension Viewer {
    /// Whose notices they keep: the unit's, or the committee's of its results (D10).
    var noticeOwner: String { desks.names.first ?? "" }

    /// Where such a notice runs.
    fileprivate var noticePhase: DeclarationPhase {
        if case .party = self { .resultPublicity } else { .unitPublicity }
    }
}

/// What the events of a notice that runs need to know.
struct NoticeFacts: Sendable {
    let notice: StoredNotice
    let declaration: StoredDeclaration
    let recommendation: StoredRecommendation

    static func read(
        _ id: String, _ keeper: Viewer, _ rows: any RowReader
    ) throws -> NoticeFacts? {
        guard let notice = try NoticeStore.notice(id, owner: keeper.noticeOwner, rows),
            let declaration = try DeclarationStore.declaration(
                notice.declarationID, for: keeper, rows)
        else { return nil }
        return NoticeFacts(
            notice: notice, declaration: declaration,
            recommendation: try RecommendationStore.recommendation(of: declaration.id, rows))
    }

    /// The notice runs, and they may work on it. Objections are anybody's of the unit to record, or of the committee.
    func requireRunning(for keeper: Viewer) throws(Refusal) {
        switch keeper {
        case .officer(let officer): try declaration.requireOther(officer)
        case .party(let party): try declaration.requireOther(party)
        case .applicant: throw .ownCase
        }
        guard notice.closedMilliseconds == nil, declaration.phase == keeper.noticePhase else {
            throw .precondition("公示已结束")
        }
    }

    /// The notice may end: its days have passed, and every objection is resolved.
    func requireOver(on today: CivilDay) throws(Refusal) {
        guard let last = FormCheck.civilDay(notice.untilDay), today > last else {
            throw .precondition("公示至 \(notice.untilDay)，期满后才能结束")
        }
        try Self.requireNone(open: notice.objections.count { $0.resolvedMs == 0 })
    }

    /// - Parameter count: of objections that nobody has resolved.
    static func requireNone(open count: Int) throws(Refusal) {
        guard count == 0 else { throw .precondition("还有 \(count) 件异议没有处理") }
    }
}

/// An objection that the unit received, or to a result the committee.
struct RecordObjection: Command {
    static let longestText = 500

    let keeper: Viewer
    let request: Declaration.RecordObjectionRequest
    let newID: String

    func read(_ rows: any RowReader) throws -> NoticeFacts? {
        try NoticeFacts.read(request.noticeID, keeper, rows)
    }

    func decide(
        _ facts: NoticeFacts?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Notice> {
        guard let facts else { throw .notFound("公示") }
        try facts.requireRunning(for: keeper)
        var check = FormCheck()
        let text = check.text(
            request.text, "text", "异议", required: true, longest: Self.longestText,
            hasLines: true)
        if facts.notice.objections.count >= NoticeStore.mostObjections {
            check.fault("text", "异议", "最多 \(NoticeStore.mostObjections) 件")
        }
        try check.finish()
        let objection = Declaration.Objection(
            id: newID, text: text, recordedMs: now.milliseconds, recordedByName: keeper.name)
        var notice = facts.notice
        notice.objections.append(objection)
        return Plan(
            writes: [NoticeStore.insert(objection, to: notice.id)],
            audit: [
                AuditEntry(
                    actor: "person:\(keeper.personID)", action: "declaration.notice.objection",
                    object: "declaration:\(facts.declaration.id)",
                    after: [("objection", newID), ("characters", String(text.count))])
            ], reply: notice.message)
    }
}

/// What was found out about an objection.
struct ResolveObjection: Command {
    static let longestText = 500

    let keeper: Viewer
    let request: Declaration.ResolveObjectionRequest

    func read(_ rows: any RowReader) throws -> NoticeFacts? {
        try NoticeFacts.read(request.noticeID, keeper, rows)
    }

    func decide(
        _ facts: NoticeFacts?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Notice> {
        guard let facts else { throw .notFound("公示") }
        try facts.requireRunning(for: keeper)
        guard
            let index = facts.notice.objections.firstIndex(where: {
                $0.id == request.objectionID
            })
        else { throw .notFound("异议") }
        var notice = facts.notice
        guard notice.objections[index].resolvedMs == 0 else { throw .precondition("该异议已处理") }
        var check = FormCheck()
        notice.objections[index].resolution = check.text(
            request.resolution, "resolution", "处理结果", required: true,
            longest: Self.longestText, hasLines: true)
        try check.finish()
        notice.objections[index].resolvedMs = now.milliseconds
        notice.objections[index].resolvedByName = keeper.name
        return Plan(
            writes: [NoticeStore.resolve(notice.objections[index])],
            audit: [
                AuditEntry(
                    actor: "person:\(keeper.personID)", action: "declaration.notice.resolve",
                    object: "declaration:\(facts.declaration.id)",
                    after: [("objection", request.objectionID)])
            ], reply: notice.message)
    }
}

/// The notice ends; the proof of it becomes one of the recommendation's (D6).
struct CloseNotice: Command {
    let officer: Officer
    let request: Declaration.CloseNoticeRequest
    /// What the proof says.
    let proven: StoredNotice
    let proof: Common.Attachment
    let ids: CommandIDs

    func read(_ rows: any RowReader) throws -> NoticeFacts? {
        try NoticeFacts.read(request.noticeID, .officer(officer), rows)
    }

    func decide(
        _ facts: NoticeFacts?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Notice> {
        guard let facts else { throw .notFound("公示") }
        let declaration = facts.declaration
        try facts.requireRunning(for: .officer(officer))
        try declaration.requireHolder(officer)
        try declaration.requireVersion(request.expectedVersion)
        try facts.requireOver(on: CivilDay(now))
        guard facts.notice == proven else { throw .conflict(current: declaration.version) }
        guard facts.recommendation.fileCount < RecommendationStore.mostFiles else {
            throw .precondition(
                "材料已有 \(RecommendationStore.mostFiles) 个文件，公示证明放不下，请先删除一个")
        }
        let next = try declaration.target(of: .closePublicity, by: officer.actors)
        var changes = Changes(of: declaration, ids: ids)
        let objections = facts.notice.objections.count
        changes.note(
            "公示结束", node: declaration.phase.node, actor: (officer.personID, officer.name),
            opinion: objections == 0 ? "公示无异议" : "收到异议 \(objections) 件，均已处理", at: now)
        changes.apply("declaration.notice.close", by: "person:\(officer.personID)") {
            $0.phase = next
            $0.noticeUntil = ""
            // Who claimed it may have left meanwhile.
            if $0.claim == nil {
                $0.claim = StoredDeclaration.Claim(
                    officerID: officer.personID, officerName: officer.name)
            }
        }
        changes.write([
            NoticeStore.close(of: declaration.id, at: now),
            RecommendationStore.attach(proof, .noticeProof, to: declaration.id, at: now),
        ])
        var notice = facts.notice
        notice.closedMilliseconds = now.milliseconds
        return changes.plan(notice.message)
    }
}

extension WorkingDays {
    /// The last day of a notice that is published today (decision 11): the day itself is not counted.
    static func noticeEnd(
        from today: CivilDay, workingDays: Int
    ) throws(Refusal) -> CivilDay {
        do {
            return try day(after: today, workingDays: workingDays)
        } catch {
            throw .precondition(error.message)
        }
    }
}

extension StoredDeclaration {
    /// The row of the 公示表: no number, no telephone.
    var noticeContent: [Common.FormValue] {
        let form = application
        return [
            ("name", "姓名", applicant.name), ("sex", "性别", applicant.sex),
            ("unit", "申报单位", unit.name), ("plan", "评审计划", plan.name),
            ("committee", "受理评委会", plan.committeeName), ("title", "申报职称", form.title),
            ("specialty", "申报专业", form.specialty), ("level", "申报级别", form.level),
            ("form", "申报形式", form.form), ("work_years", "工作年限", form.workYears),
            ("specialty_years", "专业年限", form.specialtyYears),
        ].map { Common.FormValue(key: $0.0, label: $0.1, value: $0.2) }
    }
}
