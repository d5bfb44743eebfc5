import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.DeclarationRow: StorableReply {}

/// A new draft, an edit of one, or of a declaration that was returned to be corrected.
struct SaveDraft: Command {
    /// Drafts of one person.
    static let mostDrafts: Int64 = 20

    let applicant: Identity.Session
    let request: Declaration.SaveDraftRequest
    let ids: CommandIDs

    struct Facts: Sendable {
        let existing: StoredDeclaration?
        let plan: Declaration.Plan?
        let drafts: Int64
    }

    private var viewer: Viewer { .applicant(personID: applicant.personID) }
    private var actor: String { "person:\(applicant.personID)" }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            existing: try DeclarationStore.declaration(request.id, for: viewer, rows),
            plan: try PlanStore.plan(request.planID, rows),
            drafts: try DeclarationStore.drafts(of: applicant.personID, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.DeclarationRow> {
        if !request.id.isEmpty, facts.existing == nil { throw .notFound("申报") }
        if let existing = facts.existing {
            try existing.requireSettled()
            guard existing.phase.isEditable else {
                throw .precondition("当前状态为“\(existing.phase.status)”，不能修改")
            }
            try existing.requireVersion(request.expectedVersion)
        }
        var check = FormCheck()
        let form = ApplicationForm.tidied(
            request.application ?? Declaration.Application(), &check)
        if facts.plan == nil {
            check.fault("plan_id", "评审计划", request.planID.isEmpty ? "请选择评审计划" : "评审计划不存在")
        } else if let existing = facts.existing, existing.phase != .draft,
            existing.plan.id != request.planID
        {
            check.fault("plan_id", "评审计划", "已提交的申报不能更换评审计划")
        }
        checkItems(&check)
        try check.finish()
        guard let plan = facts.plan else {
            preconditionFailure("a form without a fault has a plan")
        }
        guard let existing = facts.existing else {
            return try insert(plan, form, drafts: facts.drafts, at: now)
        }
        var changes = Changes(of: existing, ids: ids)
        changes.apply("declaration.edit", by: actor) {
            if $0.phase == .draft {
                $0.plan = plan
                $0.application = form
                $0.itemIDs = request.itemIDs
            } else {
                // What was submitted stays as it was, for everybody who reviewed it.
                $0.correction = Declaration.SaveDraftRequest(
                    application: form, itemIDs: request.itemIDs)
            }
        }
        return changes.plan(changes.declaration.row(for: viewer))
    }

    private func checkItems(_ check: inout FormCheck) {
        let ids = request.itemIDs
        if ids.count > FrozenItem.most {
            check.fault("item_ids", "引用业绩", "最多 \(FrozenItem.most) 项，选择了 \(ids.count) 项")
        } else if Set(ids).count != ids.count {
            check.fault("item_ids", "引用业绩", "重复选择")
        } else if !ids.allSatisfy({ $0.utf8.count == 32 && $0.allSatisfy(\.isHexDigit) }) {
            check.fault("item_ids", "引用业绩", "业绩编号不正确")
        }
    }

    private func insert(
        _ plan: Declaration.Plan, _ form: Declaration.Application, drafts: Int64,
        at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.DeclarationRow> {
        guard drafts < Self.mostDrafts else {
            throw .precondition("最多保留 \(Self.mostDrafts) 份草稿")
        }
        let draft = StoredDeclaration(
            id: ids.object, personID: applicant.personID, personKey: applicant.personKey,
            applicant: Identity.PersonSummary(
                personID: applicant.personID, name: applicant.name),
            unit: Identity.UnitSummary(), plan: plan, phase: .draft, version: 1, round: 0,
            acceptedRound: 0, sortMilliseconds: now.milliseconds, submittedMilliseconds: nil,
            application: form, itemIDs: request.itemIDs, claim: nil, waitingStep: nil,
            wasReviewed: false, reservation: nil, defects: [], correctBy: "")
        return Plan(
            writes: [DeclarationStore.insert(draft)],
            audit: [
                AuditEntry(
                    actor: actor, action: "declaration.draft", object: "declaration:\(draft.id)",
                    after: draft.audited)
            ], reply: draft.row(for: viewer))
    }
}
