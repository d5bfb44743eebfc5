import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.DeleteDraftReply: StorableReply {}

/// 撤回 by the applicant (D12), until the experts have it: nothing is banned, and what it holds is given back.
struct WithdrawDeclaration: Command {
    static let longestReason = 500

    let applicant: Identity.Session
    let request: Declaration.WithdrawRequest
    let ids: CommandIDs

    private var viewer: Viewer { .applicant(personID: applicant.personID) }

    func read(_ rows: any RowReader) throws -> StoredDeclaration? {
        try DeclarationStore.declaration(request.id, for: viewer, rows)
    }

    func decide(
        _ declaration: StoredDeclaration?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.DeclarationRow> {
        guard let declaration else { throw .notFound("申报") }
        try declaration.requireSettled()
        let next = try declaration.target(of: .withdraw, by: [.applicant])
        try declaration.requireVersion(request.expectedVersion)
        var check = FormCheck()
        let reason = check.text(
            request.reason, "reason", "撤回原因", required: false, longest: Self.longestReason,
            hasLines: true)
        try check.finish()
        var changes = Changes(of: declaration, ids: ids)
        changes.note(
            "撤回", node: DeclarationPhase.draft.node,
            actor: (applicant.personID, applicant.name), opinion: reason, at: now)
        changes.end(next, "declaration.withdraw", by: "person:\(applicant.personID)", at: now)
        return changes.plan(changes.declaration.row(for: viewer))
    }
}

/// A draft is deleted: nobody but its author ever saw it.
struct DeleteDraft: Command {
    let personID: String
    let request: Declaration.DeleteDraftRequest

    func read(_ rows: any RowReader) throws -> StoredDeclaration? {
        try DeclarationStore.declaration(
            request.id, for: .applicant(personID: personID), rows)
    }

    func decide(
        _ draft: StoredDeclaration?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.DeleteDraftReply> {
        guard let draft else { throw .notFound("申报") }
        try draft.requireSettled()
        guard
            case .allowed(.deleted) = DeclarationMachine.verdict(
                draft.phase, .delete, by: [.applicant])
        else { throw .precondition("当前状态为“\(draft.phase.status)”，只能删除草稿") }
        try draft.requireVersion(request.expectedVersion)
        return Plan(
            writes: DeclarationStore.delete(draft),
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "declaration.delete",
                    object: "declaration:\(draft.id)", before: draft.audited)
            ], reply: Declaration.DeleteDraftReply())
    }
}

/// What was returned and not corrected by its last day lapses (decision 12): no ban, and nothing is held any more.
struct LapseOverdue: Command {
    /// Declarations in one transaction.
    static let most = 50

    let today: CivilDay
    /// For one declaration each.
    let ids: [CommandIDs]

    /// How many lapsed.
    struct Reply: StorableReply {
        let count: Int

        func storedBytes() -> [UInt8] { [UInt8(count)] }

        init(count: Int) { self.count = count }

        init(storedBytes: [UInt8]) { count = Int(storedBytes.first ?? 0) }
    }

    func read(_ rows: any RowReader) throws -> [StoredDeclaration] {
        try DeclarationStore.overdue(on: today, limit: ids.count, rows)
    }

    func decide(
        _ overdue: [StoredDeclaration], at now: Timestamp
    ) throws(Refusal) -> Plan<Reply> {
        var plan = Plan(reply: Reply(count: overdue.count))
        for (declaration, ids) in zip(overdue, ids) {
            let next = try declaration.target(of: .deadline, by: [.system])
            var changes = Changes(of: declaration, ids: ids)
            changes.note(
                "逾期失效", node: declaration.phase.node, actor: ("system", "系统"),
                opinion: "补正期限 \(declaration.correctBy) 已过，视为放弃申报", at: now)
            changes.end(
                next, "declaration.lapse", by: "service:declaration-service", at: now)
            let one = changes.plan(())
            plan.writes += one.writes
            plan.messages += one.messages
            plan.audit += one.audit
        }
        return plan
    }
}

extension Changes {
    /// It ends without anybody's decision: where it waited it is a task no more.
    fileprivate mutating func end(
        _ next: DeclarationPhase, _ action: String, by actor: String, at now: Timestamp
    ) {
        let hasNotice = declaration.phase == .unitPublicity
        let open = declaration.desk.map { _ in declaration.taskID }
        apply(action, by: actor) {
            $0.phase = next
            $0.correction = nil
            $0.claim = nil
            $0.noticeUntil = ""
        }
        if let open { write([RoundStore.close(open)]) }
        if hasNotice { write([NoticeStore.close(of: declaration.id, at: now)]) }
    }
}
