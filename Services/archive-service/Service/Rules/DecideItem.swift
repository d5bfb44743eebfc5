import Domain
import Messages
import ServiceRuntime
import Storage

/// 审核 of a submission by its unit: 通过, 退回 or 终止, each with an opinion (A4).
struct DecideItem: Command {
    let officer: Officer
    let request: Tasks.DecideRequest
    /// Of the decision, should it be made.
    let decisionID: String

    struct Facts: Sendable {
        let version: StoredVersion?
        let item: StoredItem?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        guard let id = TaskID(request.taskID),
            let version = try VersionStore.version(id, .unit(officer.unit.id), rows)
        else { return Facts(version: nil, item: nil) }
        // Nil when the item went to another unit meanwhile: then this task was decided.
        return Facts(
            version: version, item: try ItemStore.item(id.object, .unit(officer.unit.id), rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let version = facts.version else { throw .notFound("任务") }
        let (event, opinion) = try FormCheck.checked(
            request,
            [.approved: ItemPhase.Event.approve, .returned: .return, .terminated: .terminate],
            otherwise: "请选择通过、退回或终止")
        guard !officer.isPerson(version.personID, key: version.personKey) else {
            throw .denied("不能审核本人的业绩，请由本单位其他经办人或主管部门办理")
        }
        if let decision = version.decision {
            throw decision.tooLate(current: facts.item?.version ?? version.version + 1)
        }
        guard !version.isRetracted else {
            var refusal = Refusal.conflict(current: version.version + 1)
            refusal.message = "该业绩已由申报人收回"
            throw refusal
        }
        guard let item = facts.item, item.round == version.id.round,
            item.version == request.expectedVersion, let next = item.phase.after(event)
        else { throw .conflict(current: facts.item?.version ?? version.version) }
        var decided = item
        decided.phase = next
        decided.version += 1
        let decision = StoredDecision(
            id: decisionID, outcome: request.outcome, opinion: opinion,
            officerID: officer.personID, officerName: officer.name,
            atMilliseconds: now.milliseconds)
        let step = StoredFlowStep(
            node: FlowNode.unit, action: decision.outcome.label, actorID: officer.personID,
            actorName: officer.name, opinion: opinion, atMilliseconds: now.milliseconds)
        return Plan(
            writes: ItemStore.move(item, to: decided) + VersionStore.decide(version, decision)
                + [ItemStore.append(step, to: item.id)],
            messages: [
                Announcement.of(
                    decided, after: event, applicant: version.applicantName,
                    unit: version.unitID, referredTo: version.referredTo, by: officer.personID,
                    task: .closed(
                        version.id.text, TaskID.source, TaskKind.item.key,
                        at: .unit(version.unitID)))?.message
            ].compactMap(\.self),
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "archive.item.decide",
                    object: "item:\(item.id)", before: item.audited,
                    after: decided.audited + [("decision", decisionID)])
            ], reply: decision.reply(of: version))
    }
}

extension Officer {
    /// Whether the officer is that person, by account or by ID number (I10).
    /// - Parameter key: the keyed index of the person's ID number; empty when it is not known.
    func isPerson(_ id: String, key: [UInt8]) -> Bool {
        id == personID || !key.isEmpty && key == personKey
    }
}

extension StoredDecision {
    /// The answer to who decided.
    func reply(of version: StoredVersion) -> Tasks.DecideReply {
        Tasks.DecideReply(
            state: .done, decisionID: id, outcome: outcome, version: version.version + 1,
            node: outcome == .returned ? FlowNode.applicant : label)
    }

    /// The item's state that the decision led to.
    var label: String {
        switch outcome {
        case .approved: ItemPhase.approved.label
        case .returned: ItemPhase.returned.label
        default: ItemPhase.terminated.label
        }
    }
}
