import Domain
import Messages
import ServiceRuntime
import Storage

/// 提交 (D2), for the first time or again after a return. The archive has to pin the frozen versions before
/// the unit gets the declaration (decision 13), so this is T1 of a step.
struct SubmitDeclaration: Command {
    let request: Declaration.SubmitRequest
    /// As identity describes the applicant now.
    let person: Identity.PersonSummary
    let unit: Identity.UnitSummary
    let items: [FrozenItem]
    /// How many of the chosen items are not approved ones of this person.
    let missingItems: Int
    let ids: CommandIDs

    struct Facts: Sendable {
        let declaration: StoredDeclaration?
        let isBanned: Bool
        let isEntrusted: Bool
        let inFlight: String?
        /// Until when identity-service may move the person to another unit.
        let leavingUntil: Int64?
        /// Until when nothing is submitted to the person's unit.
        let unitHeld: Int64?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let declaration = try DeclarationStore.declaration(
            request.id, for: .applicant(personID: person.personID), rows)
        return Facts(
            declaration: declaration,
            isBanned: try declaration.map {
                try DeclarationStore.isBanned(person.personKey, year: $0.plan.year, rows)
            } ?? false,
            isEntrusted: try declaration.map {
                try EntrustmentStore.isEntrusted(person.personID, plan: $0.plan.id, rows)
            } ?? false,
            inFlight: try DeclarationStore.inFlight(of: person.personKey, rows),
            leavingUntil: try DeclarationStore.leaving(person.personKey, rows),
            unitHeld: try HeldUnits.until(person.unitID, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let declaration = facts.declaration else { throw .notFound("申报") }
        try declaration.requireSettled()
        let event: DeclarationEvent =
            declaration.phase == .returnedToApplicant ? .resubmit : .submit
        let next = try declaration.target(of: event, by: [.applicant])
        try declaration.requireVersion(request.expectedVersion)
        try checkPerson(facts, declaration)
        if let leaving = facts.leavingUntil, now.milliseconds < leaving {
            throw .busy("正在办理调动或离职，请一分钟后再试")
        }
        try person.requireReviewingUnit(
            held: facts.unitHeld, at: now, goesOn: declaration.acceptedRound > 0)
        try checkDay(declaration, CivilDay(now))
        var check = FormCheck()
        ApplicationForm.checkComplete(
            declaration.corrected.application, for: declaration.plan, &check)
        if missingItems > 0 {
            check.fault("item_ids", "引用业绩", "其中 \(missingItems) 项不是本人审核通过的业绩")
        }
        if items.count > FrozenItem.most {
            check.fault("item_ids", "引用业绩", "最多 \(FrozenItem.most) 项，请选择要引用的业绩")
        }
        try check.finish()
        return begin(declaration, next, at: now)
    }

    private func checkPerson(
        _ facts: Facts, _ declaration: StoredDeclaration
    ) throws(Refusal) {
        guard person.registration == .approved, !person.personKey.isEmpty, !unit.id.isEmpty else {
            throw .precondition("人员注册审核通过后才能提交申报")
        }
        guard !facts.isBanned else {
            throw .precondition("\(declaration.plan.year) 年度的申报已被终止，本年度不能再申报")
        }
        guard facts.isEntrusted || !declaration.plan.isElsewhere(from: unit.region) else {
            throw .precondition("该评审计划不面向本单位所在地区，须由单位委托并经受理后申报")
        }
        if let other = facts.inFlight, other != declaration.id {
            throw .precondition("已有在途的申报，不能同时提交另一份")
        }
    }

    /// The plan is open; what was returned may be corrected until its own last day.
    private func checkDay(
        _ declaration: StoredDeclaration, _ today: CivilDay
    ) throws(Refusal) {
        if declaration.plan.isOpen(on: today) { return }
        if let last = FormCheck.civilDay(declaration.correctBy) {
            guard today <= last else { throw .precondition("补正期限 \(last) 已过") }
            return
        }
        throw .precondition(
            "评审计划的申报日期为 \(declaration.plan.openDay) 至 \(declaration.plan.closeDay)")
    }

    private func begin(
        _ declaration: StoredDeclaration, _ next: DeclarationPhase, at now: Timestamp
    ) -> Plan<Tasks.DecideReply> {
        var step = StoredStep(
            id: ids.object, declarationID: declaration.id, round: declaration.round + 1,
            outcome: nil, opinion: "", actorID: person.personID, actorName: person.name,
            reply: nil)
        var changes = Changes(of: declaration, ids: ids)
        changes.apply("declaration.submit.begin", by: "person:\(person.personID)") {
            $0.personKey = person.personKey
            $0.applicant = person
            $0.applicant.personKey = []
            $0.unit = unit
            $0.round = step.round
            if !items.isEmpty { $0.waitingStep = step.id }
        }
        changes.write(
            DeclarationStore.freeze(items, in: declaration.id, round: step.round))
        if items.isEmpty {
            changes.enterReview(step, next, at: now)
            step.reply = changes.reply(of: step, .done)
        } else {
            changes.send(
                Errand.pin(items, of: declaration.id, round: step.round, step: step.id))
        }
        changes.write([
            SubmissionStore.insert(changes.declaration.corrected), StepStore.insert(step, at: now),
        ])
        return changes.plan(step.reply ?? changes.reply(of: step, .deciding))
    }
}

extension Changes {
    /// A submission takes effect: the round becomes a task of the unit.
    mutating func enterReview(
        _ step: StoredStep, _ next: DeclarationPhase, at now: Timestamp
    ) {
        let isFirst = declaration.acceptedRound == 0
        apply("declaration.submit", by: "person:\(step.actorID)") {
            $0 = $0.corrected
            $0.phase = next
            $0.acceptedRound = step.round
            $0.submittedMilliseconds = now.milliseconds
            $0.sortMilliseconds = now.milliseconds
            $0.claim = nil
            $0.waitingStep = nil
            $0.correctBy = ""
            $0.noticeUntil = ""
        }
        write([RoundStore.open(declaration, at: now)])
        note(
            isFirst ? "提交" : "重新提交", node: DeclarationPhase.draft.node,
            actor: (step.actorID, step.actorName), opinion: "", at: now)
    }

    /// What a step is answered with.
    func reply(of step: StoredStep, _ state: Tasks.DecisionState) -> Tasks.DecideReply {
        Tasks.DecideReply(
            state: state, decisionID: step.id, outcome: step.outcome ?? .unspecified,
            version: declaration.version, node: declaration.phase.node)
    }
}
