import Domain
import Messages
import ServiceRuntime
import Storage

/// What the superiors or the committee decide (D10). Where it leads depends on the node that has the declaration.
struct DecideLaterNode: Command {
    /// How long a result is shown before it is confirmed, at least.
    static let noticeWorkingDays = 5

    let party: Party
    let request: Tasks.DecideRequest
    let ids: CommandIDs

    struct Found: Sendable {
        let round: StoredRound
        let votes: Votes?
        /// To the notice of the result.
        let openObjections: Int64
        /// Only of a return.
        let earlier: EarlierReturns
    }

    func read(_ rows: any RowReader) throws -> Found? {
        guard let id = TaskID(request.taskID),
            let round = try RoundStore.round(id, at: party.desks, rows)
        else { return nil }
        return Found(
            round: round,
            votes: try VoteStore.votes(of: id.object, round: id.round, rows),
            openObjections: try NoticeStore.openObjections(of: id.object, rows),
            earlier: try EarlierReturns(round.declaration, of: request.outcome, rows))
    }

    func decide(_ facts: Found?, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let facts else { throw .notFound("任务") }
        let declaration = facts.round.declaration
        try declaration.requireOther(party)
        try facts.round.requireOpen()
        try declaration.requireSettled()
        try declaration.requireVersion(request.expectedVersion)
        var check = FormCheck()
        let opinion = check.opinion(of: request)
        let defects = check.defects(of: request, opinion: opinion)
        let event = declaration.phase.event(
            for: request.outcome, toApplicant: request.toApplicant)
        if event == nil {
            check.fault("outcome", "审核结果", "\(declaration.phase.node)不能作出这个决定")
        }
        try check.finish()
        guard let event else { preconditionFailure("a form without a fault has an event") }
        let next = try declaration.target(of: event, by: [party.actor])
        try require(event, facts, today: CivilDay(now))

        var step = StoredStep(
            id: ids.object, declarationID: declaration.id, round: declaration.round,
            outcome: request.outcome, opinion: opinion, actorID: party.personID,
            actorName: party.name, reply: nil)
        var changes = Changes(of: declaration, ids: ids)
        switch event {
        case .returnToApplicant:
            let last = try declaration.plan.correctBy(from: CivilDay(now))
            changes.sendBack(
                step, next, defects: defects, besides: facts.earlier, correctBy: last, at: now)
        case .terminate: changes.terminate(step, next, at: now)
        default:
            let until =
                event == .votePass
                ? try WorkingDays.noticeEnd(
                    from: CivilDay(now), workingDays: Self.noticeWorkingDays) : nil
            changes.decided(
                step, "declaration.\(event.rawValue)", label: event.label, at: now
            ) {
                $0.phase = next
                $0.noticeUntil = until.map { "\($0)" } ?? ""
                // Back at the unit, any of its officers may take it up.
                if event == .returnToUnit { $0.claim = nil }
            }
            if let until { changes.showResult(step, until: until, at: now) }
        }
        let reply = changes.reply(of: step, .done)
        step.reply = reply
        changes.write([StepStore.insert(step, at: now)])
        return changes.plan(reply)
    }

    /// The votes bind the expert review, the notice the confirmation.
    private func require(
        _ event: DeclarationEvent, _ facts: Found, today: CivilDay
    ) throws(Refusal) {
        switch event {
        case .votePass, .voteFail:
            guard let votes = facts.votes else { throw .precondition("请先登记专家表决结果") }
            guard votes.passes == (event == .votePass) else {
                throw .precondition(
                    "出席 \(votes.present) 人，赞成 \(votes.inFavour) 人，"
                        + (votes.passes ? "已达到" : "不足") + "出席人数的三分之二")
            }
        case .confirm:
            let until = facts.round.declaration.noticeUntil
            guard let last = FormCheck.civilDay(until), today > last else {
                throw .precondition("评后公示至 \(until)，期满后才能确认")
            }
            try NoticeFacts.requireNone(open: Int(facts.openObjections))
        default: break
        }
    }
}

extension Changes {
    /// 评后公示: a notice of the committee's, which takes objections (D10). Its id is the decision's that passed the vote.
    fileprivate mutating func showResult(
        _ step: StoredStep, until last: CivilDay, at now: Timestamp
    ) {
        write([
            NoticeStore.insert(
                StoredNotice(
                    id: step.id, declarationID: declaration.id,
                    owner: Desk.committee(declaration.plan.committeeID),
                    content: declaration.noticeContent, openedMilliseconds: now.milliseconds,
                    openedDay: "\(CivilDay(now))", untilDay: "\(last)",
                    openedByName: step.actorName, closedMilliseconds: nil, objections: []))
        ])
    }
}

extension DeclarationPhase {
    /// What a later node's outcome is in the state machine; nil where it has no meaning.
    /// - Parameter toApplicant: of a superior's return, which otherwise goes to the unit.
    fileprivate func event(
        for outcome: Common.Outcome, toApplicant: Bool
    ) -> DeclarationEvent? {
        switch (self, outcome) {
        case (.superiorReview, .approved): .approve
        case (.superiorReview, .returned): toApplicant ? .returnToApplicant : .returnToUnit
        case (.committeeCheck, .approved): .accept
        case (.expertReview, .approved): .votePass
        case (.expertReview, .failed): .voteFail
        case (.resultPublicity, .approved): .confirm
        case (.resultPublicity, .failed): .objectionUpheld
        case (_, .returned): .returnToApplicant
        case (_, .terminated): .terminate
        default: nil
        }
    }
}

extension DeclarationEvent {
    /// The action in 流程, where the outcome's own word does not say it.
    fileprivate var label: String? {
        switch self {
        case .returnToUnit: "退回单位"
        case .accept: "受理"
        case .votePass: "表决通过"
        case .voteFail: "表决未通过"
        case .confirm: "评审通过"
        case .objectionUpheld: "异议成立"
        default: nil
        }
    }
}

extension Declaration.Votes: StorableReply {}

/// 专家表决结果, saved by the committee before it decides the expert review. As a recommendation, it leaves the
/// task's version as it is.
struct SaveVotes: Command {
    static let mostExperts: UInt32 = 1_000

    let party: Party
    let request: Declaration.SaveVotesRequest

    func read(_ rows: any RowReader) throws -> StoredDeclaration? {
        try DeclarationStore.declaration(request.id, for: .party(party), rows)
    }

    func decide(
        _ declaration: StoredDeclaration?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Votes> {
        guard let declaration else { throw .notFound("申报") }
        try declaration.requireOther(party)
        try declaration.requireSettled()
        guard declaration.phase == .expertReview else {
            throw .precondition("当前状态为“\(declaration.phase.status)”，不能登记表决结果")
        }
        var check = FormCheck()
        if !(1...Self.mostExperts).contains(request.present) {
            check.fault("present", "出席人数", "应为 1 至 \(Self.mostExperts)")
        } else if request.inFavour > request.present {
            check.fault("in_favour", "赞成人数", "不能多于出席人数 \(request.present)")
        }
        try check.finish()
        let votes = Votes(present: Int64(request.present), inFavour: Int64(request.inFavour))
        return Plan(
            writes: [
                VoteStore.save(votes, of: declaration, by: party.personID, at: now)
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(party.personID)", action: "declaration.votes.save",
                    object: "declaration:\(declaration.id)",
                    after: [
                        ("present", String(votes.present)),
                        ("in_favour", String(votes.inFavour)),
                    ])
            ], reply: votes.message)
    }
}
