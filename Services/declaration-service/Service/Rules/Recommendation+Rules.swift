import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.Recommendation: StorableReply {}

/// What both events need to know of a recommendation's declaration.
struct RecommendationFacts: Sendable {
    let declaration: StoredDeclaration
    let recommendation: StoredRecommendation

    static func read(
        _ id: String, _ officer: Officer, _ rows: any RowReader
    ) throws -> RecommendationFacts? {
        try DeclarationStore.declaration(id, for: .officer(officer), rows).map {
            RecommendationFacts(
                declaration: $0,
                recommendation: try RecommendationStore.recommendation(of: id, rows))
        }
    }

    /// The recommendation is open to its holder while the unit reviews. It has a version of its own: the task's
    /// stays, so that a page that shows the task remains valid.
    /// - Parameter phase: in which it is open to the event as well.
    func requireOpen(
        to officer: Officer, orDuring phase: DeclarationPhase? = nil
    ) throws(Refusal) {
        try declaration.requireOther(officer)
        try declaration.requireSettled()
        guard
            [.unitPool, .unitReview, .returnedToUnit, phase].contains(declaration.phase)
        else {
            throw .precondition("当前状态为“\(declaration.phase.status)”，不能填写单位推荐意见")
        }
        try declaration.requireHolder(officer)
    }
}

/// 单位推荐意见 is saved (D7). It may be incomplete: the approval asks for the rest.
struct SaveRecommendation: Command {
    static let longestText = 2_000
    static let longestNote = 500

    let officer: Officer
    let request: Declaration.SaveRecommendationRequest

    func read(_ rows: any RowReader) throws -> RecommendationFacts? {
        try RecommendationFacts.read(request.id, officer, rows)
    }

    func decide(
        _ facts: RecommendationFacts?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Recommendation> {
        guard let facts else { throw .notFound("申报") }
        try facts.requireOpen(to: officer)
        var check = FormCheck()
        var saved = facts.recommendation
        saved.text = check.text(
            request.text, "text", "单位推荐意见", required: false, longest: Self.longestText,
            hasLines: true)
        saved.note = check.text(
            request.occupationNote, "occupation_note", "说明", required: false,
            longest: Self.longestNote, hasLines: true)
        if request.occupiesPost != nil, !officer.unit.quotaRequired {
            check.fault("occupies_post", "是否占用本单位的职位数", "仅事业单位需要选择")
        }
        try check.finish()
        saved.occupiesPost = request.occupiesPost
        saved.version += 1
        return Plan(
            writes: [RecommendationStore.save(saved, of: request.id)],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "declaration.recommendation.save",
                    object: "declaration:\(request.id)", before: facts.recommendation.audited,
                    after: saved.audited)
            ], reply: saved.message)
    }
}

/// A notice proof or other material is added (D7).
struct AttachMaterial: Command {
    let officer: Officer
    let declarationID: String
    let kind: Declaration.MaterialKind
    let file: Common.Attachment

    func read(_ rows: any RowReader) throws -> RecommendationFacts? {
        try RecommendationFacts.read(declarationID, officer, rows)
    }

    func decide(
        _ facts: RecommendationFacts?, at now: Timestamp
    ) throws(Refusal) -> Plan<Common.Attachment> {
        guard let facts else { throw .notFound("申报") }
        try facts.requireOpen(to: officer)
        guard kind == .noticeProof || kind == .other else {
            throw .invalid([
                FieldFault(field: "kind", label: "材料类型", message: "应为单位公示证明或其他材料")
            ])
        }
        guard facts.recommendation.fileCount < RecommendationStore.mostFiles else {
            throw .invalid([
                FieldFault(
                    field: "file", label: "材料", message: "最多 \(RecommendationStore.mostFiles) 个文件")
            ])
        }
        return Plan(
            writes: [RecommendationStore.attach(file, kind, to: declarationID, at: now)],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "declaration.material.add",
                    object: "declaration:\(declarationID)",
                    after: [
                        ("material", file.id), ("kind", "\(kind.rawValue)"),
                        ("bytes", String(file.byteCount)),
                    ])
            ], reply: file)
    }
}

/// A file of the recommendation is taken out again: also while a notice runs, whose proof needs room.
struct RemoveMaterial: Command {
    let officer: Officer
    let request: Declaration.RemoveMaterialRequest

    func read(_ rows: any RowReader) throws -> RecommendationFacts? {
        try RecommendationFacts.read(request.id, officer, rows)
    }

    func decide(
        _ facts: RecommendationFacts?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Recommendation> {
        guard let facts else { throw .notFound("申报") }
        try facts.requireOpen(to: officer, orDuring: .unitPublicity)
        var rest = facts.recommendation
        rest.noticeProofs.removeAll { $0.id == request.attachmentID }
        rest.materials.removeAll { $0.id == request.attachmentID }
        let file = (facts.recommendation.noticeProofs + facts.recommendation.materials)
            .first { $0.id == request.attachmentID }
        guard let file else { throw .notFound("材料") }
        return Plan(
            writes: [RecommendationStore.remove(request.attachmentID, of: request.id)],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "declaration.material.remove",
                    object: "declaration:\(request.id)",
                    // What was reviewed with it can still be told from its hash.
                    before: [
                        ("material", file.id), ("bytes", String(file.byteCount)),
                        ("sha256", Hexadecimal.text(file.sha256)),
                    ])
            ], reply: rest.message)
    }
}

extension StoredRecommendation {
    /// Files so far, proofs and others.
    var fileCount: Int { noticeProofs.count + materials.count }

    /// For the audit: the text itself may name people.
    var audited: [(String, String)] {
        [
            ("version", String(version)), ("characters", String(text.count)),
            ("occupies", occupiesPost.map { $0 ? "yes" : "no" } ?? ""),
        ]
    }

    /// Names each part that an approval lacks (D7).
    func checkComplete(quotaRequired: Bool, _ check: inout FormCheck) {
        if text.isEmpty {
            check.fault("recommendation.text", "单位推荐意见", "请先填写并保存")
        }
        if noticeProofs.isEmpty {
            check.fault("recommendation.notice_proofs", "单位公示证明", "请先上传")
        }
        guard quotaRequired else { return }
        if occupiesPost == nil {
            check.fault(
                "recommendation.occupies_post", "是否占用本单位的职位数", "事业单位必须选择")
        }
        if note.isEmpty {
            check.fault("recommendation.occupation_note", "说明", "是否占用职位数均需填写说明")
        }
    }
}
