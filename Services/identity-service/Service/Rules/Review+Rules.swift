import Domain
import Messages
import ServiceRuntime
import Storage

/// 审核 of a registration by its unit: 通过, or 退回 with an opinion (I7).
struct DecideRegistration: Command {
    let officer: Officer
    let request: Tasks.DecideRequest
    /// Of the decision, should it be made.
    let decisionID: String

    struct Facts: Sendable {
        let round: StoredRound?
        let registration: StoredRegistration?
        let person: StoredPerson?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        guard let id = TaskID(request.taskID),
            let round = try ReviewStore.round(id, .unit(officer.unit.id), rows)
        else { return Facts(round: nil, registration: nil, person: nil) }
        return Facts(
            round: round,
            registration: try RegistrationStore.registration(id.object, rows),
            person: try PersonStore.person(round.personID, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let round = facts.round, let registration = facts.registration,
            let person = facts.person
        else { throw .notFound("任务") }
        let (event, opinion) = try FormCheck.checked(
            request, [.approved: RegistrationPhase.Event.approve, .returned: .return],
            otherwise: "人员注册不能终止，请通过或退回")
        guard person.idIndex != officer.personKey, registration.form.idIndex != officer.personKey
        else { throw .denied("不能审核本人的注册，请由本单位其他经办人或主管部门办理") }
        if let decision = round.decision {
            throw decision.tooLate(current: registration.version)
        }
        guard registration.round == round.id.round,
            registration.version == request.expectedVersion
        else { throw .conflict(current: registration.version) }
        guard let next = registration.phase.after(event) else {
            throw .conflict(current: registration.version)
        }
        var decided = registration
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
            writes: [
                RegistrationStore.update(decided),
                RegistrationStore.append(step, to: registration.id),
            ] + ReviewStore.decide(round, decision),
            messages: [
                Announcement.of(
                    decided, after: event, referredTo: round.referredTo, by: officer.personID,
                    task: registration.closed
                ).message
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "identity.registration.decide",
                    object: "registration:\(registration.id)", before: registration.audited,
                    after: decided.audited + [("decision", decisionID)])
            ], reply: decision.reply(version: decided.version))
    }
}

extension StoredDecision {
    /// The answer to who decided.
    /// - Parameter version: the registration's, right after the decision.
    func reply(version: Int64) -> Tasks.DecideReply {
        Tasks.DecideReply(
            state: .done, decisionID: id, outcome: outcome, version: version,
            node: outcome == .approved ? FlowNode.finished : FlowNode.applicant)
    }
}
