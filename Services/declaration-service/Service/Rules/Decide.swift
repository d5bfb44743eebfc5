import Domain
import Messages
import ServiceRuntime
import Storage

/// 通过, 退回 or 终止 by the unit (D7, D8, D9). An approval with an occupied post is T1 of a step: quota-service
/// has to reserve the vacancy first. Everything else takes effect at once.
struct DecideDeclaration: Command {
    /// Working days to correct what was returned, at least (decision 12).
    static let correctionWorkingDays = 10

    let officer: Officer
    let request: Tasks.DecideRequest
    let ids: CommandIDs

    struct Found: Sendable {
        let round: StoredRound
        let recommendation: StoredRecommendation
        /// Only of a return.
        let earlier: EarlierReturns
    }

    func read(_ rows: any RowReader) throws -> Found? {
        guard let id = TaskID(request.taskID),
            let round = try RoundStore.round(id, at: .one(officer.unit.id), rows)
        else { return nil }
        return Found(
            round: round,
            recommendation: try RecommendationStore.recommendation(of: id.object, rows),
            earlier: try EarlierReturns(round.declaration, of: request.outcome, rows))
    }

    func decide(_ facts: Found?, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let facts else { throw .notFound("任务") }
        let declaration = facts.round.declaration
        try declaration.requireOther(officer)
        try facts.round.requireOpen()
        try declaration.requireSettled()
        try declaration.requireHolder(officer)
        try declaration.requireVersion(request.expectedVersion)
        let (opinion, defects) = try checkForm(facts)

        var changes = Changes(of: declaration, ids: ids)
        if declaration.phase == .unitPool { try changes.claim(by: officer) }
        let next = try changes.declaration.target(
            of: changes.declaration.event(for: request.outcome), by: officer.actors)
        var step = StoredStep(
            id: ids.object, declarationID: declaration.id, round: declaration.round,
            outcome: request.outcome, opinion: opinion, actorID: officer.personID,
            actorName: officer.name, reply: nil)
        switch request.outcome {
        case .approved:
            let occupies =
                officer.unit.quotaRequired && facts.recommendation.occupiesPost == true
            if occupies, declaration.reservation == nil {
                return try reserveFirst(step, &changes, at: now)
            }
            changes.approve(
                step, next, reservation: occupies ? declaration.reservation : nil, at: now)
        case .returned:
            let last = try declaration.plan.correctBy(from: CivilDay(now))
            changes.sendBack(
                step, next, defects: defects, besides: facts.earlier, correctBy: last, at: now)
        default: changes.terminate(step, next, at: now)
        }
        let reply = changes.reply(of: step, .done)
        step.reply = reply
        changes.write([StepStore.insert(step, at: now)])
        return changes.plan(reply)
    }

    /// T1: the decision waits, and the declaration with it.
    private func reserveFirst(
        _ step: StoredStep, _ changes: inout Changes, at now: Timestamp
    ) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let level = changes.declaration.quotaLevel else {
            throw .precondition("申报级别未知，不能占用职位数")
        }
        changes.apply("declaration.approve.begin", by: "person:\(officer.personID)") {
            $0.waitingStep = step.id
        }
        changes.write([StepStore.insert(step, at: now)])
        changes.send(Errand.reserve(step.id, for: changes.declaration, level: level))
        return changes.plan(changes.reply(of: step, .deciding))
    }

    /// Names every fault of the request and every part that an approval lacks.
    private func checkForm(
        _ facts: Found
    ) throws(Refusal) -> (opinion: String, defects: [String]) {
        var check = FormCheck()
        let opinion = check.opinion(of: request)
        switch request.outcome {
        case .approved:
            facts.recommendation.checkComplete(
                quotaRequired: officer.unit.quotaRequired, &check)
        case .returned, .terminated: break
        default: check.fault("outcome", "审核结果", "请选择通过、退回或终止")
        }
        let defects = check.defects(of: request, opinion: opinion)
        try check.finish()
        return (opinion, defects)
    }
}

extension FormCheck {
    /// 一次性告知 (D8): the checklist of a return. Without one the opinion is the whole notice.
    mutating func defects(of request: Tasks.DecideRequest, opinion: String) -> [String] {
        let defects = request.defects.map { FormCheck.trimmed($0) }
        if defects.contains(where: { $0.isEmpty || $0.contains("\n") }) {
            fault("defects", "一次性告知", "每一项应为一行文字，不能为空")
        }
        return defects.isEmpty ? opinion.split(separator: "\n").map(String.init) : defects
    }
}

extension Declaration.Plan {
    /// The last day to correct what is returned today: the later of the plan's close and ten working days
    /// (decision 12).
    func correctBy(from today: CivilDay) throws(Refusal) -> CivilDay {
        let workingDays = DecideDeclaration.correctionWorkingDays
        do {
            let days = try WorkingDays.day(after: today, workingDays: workingDays)
            return max(days, FormCheck.civilDay(closeDay) ?? days)
        } catch {
            throw .precondition(error.message)
        }
    }
}

extension StoredDeclaration {
    /// What a unit's outcome is in the state machine.
    func event(for outcome: Common.Outcome) -> DeclarationEvent {
        switch outcome {
        case .approved: phase == .returnedToUnit ? .reapprove : .approve
        case .returned: .returned
        default: .terminate
        }
    }
}

extension Changes {
    /// - Parameter reservation: what the declaration holds from now on; one that it held otherwise is released.
    mutating func approve(
        _ step: StoredStep, _ next: DeclarationPhase,
        reservation: StoredDeclaration.Reservation?, at now: Timestamp
    ) {
        decided(step, "declaration.approve", at: now) {
            $0.phase = next
            $0.reservation = reservation
            $0.defects = []
        }
    }

    mutating func sendBack(
        _ step: StoredStep, _ next: DeclarationPhase, defects: [String],
        besides earlier: EarlierReturns, correctBy: CivilDay, at now: Timestamp
    ) {
        let raised = defects.map {
            Declaration.RaisedDefect(
                text: $0, round: step.round, node: declaration.phase.node,
                raisedMs: now.milliseconds, visibleBefore: earlier.isLate($0))
        }
        write(SubmissionStore.insert(raised, of: declaration.id))
        decided(step, "declaration.return", at: now) {
            $0.phase = next
            $0.claim = nil
            $0.defects = defects
            $0.correctBy = "\(correctBy)"
            $0.noticeUntil = ""
        }
    }

    /// Final, and the year is closed to the person (D9, decision 7).
    mutating func terminate(_ step: StoredStep, _ next: DeclarationPhase, at now: Timestamp) {
        decided(step, "declaration.terminate", at: now) {
            $0.phase = next
            $0.noticeUntil = ""
        }
        write([DeclarationStore.ban(declaration, at: now)])
    }

    /// The round that waits gets its decision; the desk that the declaration moves on to gets a round.
    /// - Parameter label: the action in 流程; the outcome's own unless said otherwise.
    mutating func decided(
        _ step: StoredStep, _ action: String, label: String? = nil, at now: Timestamp,
        _ change: (inout StoredDeclaration) -> Void
    ) {
        guard let desk = declaration.desk else {
            preconditionFailure("only what waits at a desk is decided")
        }
        if declaration.phase == .resultPublicity {
            write([NoticeStore.close(of: declaration.id, at: now)])
        }
        let outcome = step.outcome ?? .unspecified
        note(
            label ?? outcome.label, node: declaration.phase.node,
            actor: (step.actorID, step.actorName), opinion: step.opinion, at: now)
        apply(action, by: "person:\(step.actorID)") {
            if $0.phase.waitsForUnit { $0.wasReviewed = true }
            change(&$0)
            $0.waitingStep = nil
            if $0.desk != nil { $0.round += 1 }
        }
        write(
            RoundStore.decide(
                TaskID(declaration: step.declarationID, round: step.round), desk: desk,
                StoredDecision(
                    id: step.id, outcome: outcome, opinion: step.opinion,
                    officerID: step.actorID, officerName: step.actorName,
                    atMilliseconds: now.milliseconds)))
        if declaration.desk != nil { write([RoundStore.open(declaration, at: now)]) }
    }
}
