import Domain
import Messages
import ServiceRuntime
import Storage

/// The unit's decision on a request (A7): 通过 gives the item back, 退回 refuses the request.
struct DecideWithdrawal: Command {
    let officer: Officer
    let request: Tasks.DecideRequest
    /// Of the decision, should it be made.
    let decisionID: String

    struct Facts: Sendable {
        let withdrawal: StoredWithdrawal?
        let item: StoredItem?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let unit = officer.unit.id
        guard let id = WithdrawalTaskID(request.taskID),
            let withdrawal = try WithdrawalStore.withdrawal(id.withdrawal, .unit(unit), rows)
        else { return Facts(withdrawal: nil, item: nil) }
        return Facts(
            withdrawal: withdrawal, item: try ItemStore.item(withdrawal.itemID, .unit(unit), rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let withdrawal = facts.withdrawal else { throw .notFound("任务") }
        let (event, opinion) = try FormCheck.checked(
            request, [.approved: WithdrawalPhase.Event.grant, .returned: .refuse],
            otherwise: "撤回申请不能终止，请通过或退回")
        guard !officer.isPerson(withdrawal.personID, key: withdrawal.personKey) else {
            throw .denied("不能审核本人的撤回申请，请由本单位其他经办人或主管部门办理")
        }
        if let decision = withdrawal.decision {
            throw decision.tooLate(current: withdrawal.version)
        }
        guard let next = withdrawal.phase.after(event),
            withdrawal.version == request.expectedVersion
        else {
            var refusal = Refusal.conflict(current: withdrawal.version)
            if withdrawal.phase == .cancelled { refusal.message = "该撤回申请已由申报人取消" }
            throw refusal
        }
        guard let item = facts.item else { throw .notFound("业绩") }
        var decided = withdrawal
        decided.phase = next
        decided.version += 1
        let decision = StoredDecision(
            id: decisionID, outcome: request.outcome, opinion: opinion,
            officerID: officer.personID, officerName: officer.name,
            atMilliseconds: now.milliseconds)
        decided.decision = decision
        let given = event == .grant ? try returned(item, withdrawal) : item
        let step = StoredFlowStep(
            node: FlowNode.unit, action: event == .grant ? "同意撤回" : "驳回撤回",
            actorID: officer.personID, actorName: officer.name, opinion: opinion,
            atMilliseconds: now.milliseconds)
        return Plan(
            writes: WithdrawalStore.close(decided)
                + (event == .grant ? ItemStore.move(item, to: given) : [])
                + [ItemStore.append(step, to: item.id)],
            messages: [
                Announcement.of(decided, by: officer.personID).message,
                event == .grant
                    ? Announcement.of(
                        given, after: .withdrawalGranted, applicant: withdrawal.applicantName,
                        unit: withdrawal.unitID, referredTo: withdrawal.referredTo,
                        by: officer.personID)?.message : nil,
            ].compactMap(\.self),
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "archive.withdrawal.decide",
                    object: "withdrawal:\(withdrawal.id)",
                    before: withdrawal.audited + item.audited,
                    after: decided.audited + given.audited + [("decision", decisionID)])
            ], reply: decided.reply(decision))
    }

    /// The item goes back to the applicant as a new version; the approved one is kept.
    private func returned(
        _ item: StoredItem, _ withdrawal: StoredWithdrawal
    ) throws(Refusal) -> StoredItem {
        guard item.version == withdrawal.itemVersion,
            let next = item.phase.after(.withdrawalGranted)
        else { throw .precondition("业绩\(item.phase.label)，不能同意撤回") }
        guard !withdrawal.isReferred else {
            throw .precondition("该业绩正被在途申报引用，申报办结或撤回后才能同意撤回")
        }
        var item = item
        item.phase = next
        item.version += 1
        return item
    }
}

extension StoredWithdrawal {
    /// The answer to who decided.
    func reply(_ decision: StoredDecision) -> Tasks.DecideReply {
        Tasks.DecideReply(
            state: .done, decisionID: decision.id, outcome: decision.outcome, version: version,
            node: phase == .granted ? FlowNode.applicant : phase.label)
    }
}
