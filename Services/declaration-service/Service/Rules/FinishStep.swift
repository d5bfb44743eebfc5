import Domain
import Messages
import ServiceRuntime
import Storage

/// T2 of a step: the other service's durable answer takes effect. Repeats change nothing.
struct FinishStep: Command {
    let stepID: String
    let answer: Answer
    let ids: CommandIDs

    /// What the other service said.
    struct Answer: Sendable {
        /// The vacancy is reserved, or the versions are pinned.
        let agreed: Bool
        /// Why not, for the person.
        var message = ""
        var vacancy: Common.VacancyFacts?
        /// The refusal is not the service's considered no: whatever it may hold all the same is given back.
        var undo = false
    }

    struct Found: Sendable {
        let step: StoredStep
        let declaration: StoredDeclaration
    }

    func read(_ rows: any RowReader) throws -> Found? {
        guard let step = try StepStore.step(stepID, rows),
            let declaration = try DeclarationStore.declaration(step.declarationID, rows)
        else { return nil }
        return Found(step: step, declaration: declaration)
    }

    func decide(_ facts: Found?, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let facts else { throw .notFound("办理步骤") }
        if let reply = facts.step.reply { return Plan(reply: reply) }
        var step = facts.step
        var changes = Changes(of: facts.declaration, ids: ids)
        let reply =
            answer.agreed
            ? try agree(step, &changes, at: now) : refuse(step, &changes, at: now)
        step.reply = reply
        changes.write([StepStore.finish(step, at: now)])
        return changes.plan(reply)
    }

    private func agree(
        _ step: StoredStep, _ changes: inout Changes, at now: Timestamp
    ) throws(Refusal) -> Tasks.DecideReply {
        let declaration = changes.declaration
        if let outcome = step.outcome {
            // What the officer might do was checked when the decision began; nothing could happen since.
            let next = try declaration.target(
                of: declaration.event(for: outcome), by: [.unitReviewer])
            let reservation = StoredDeclaration.Reservation(id: step.id, round: step.round)
            changes.approve(step, next, reservation: reservation, at: now)
            changes.send(
                Errand.confirm(reservation, of: declaration.id, id: ids.quotaMessage))
        } else {
            let isFirst = declaration.acceptedRound == 0
            let next = try declaration.target(
                of: isFirst ? .submit : .resubmit, by: [.applicant])
            changes.enterReview(step, next, at: now)
        }
        return changes.reply(of: step, .done)
    }

    /// Everything is as before the step, but for the version.
    private func refuse(
        _ step: StoredStep, _ changes: inout Changes, at now: Timestamp
    ) -> Tasks.DecideReply {
        let isDecision = step.outcome != nil
        changes.apply(
            isDecision ? "declaration.approve.refused" : "declaration.submit.refused",
            by: "service:\(isDecision ? Errand.quota : Errand.archive)"
        ) { $0.waitingStep = nil }
        changes.tellRefusal(answer.message, to: step.actorID)
        if answer.undo {
            changes.send(
                isDecision
                    ? Errand.release(
                        StoredDeclaration.Reservation(id: step.id, round: step.round),
                        of: step.declarationID, id: ids.quotaMessage)
                    : Errand.unpin(
                        step.declarationID, round: step.round, id: ids.archiveMessage))
        }
        var reply = changes.reply(of: step, .refused)
        reply.message = answer.message
        reply.vacancy = answer.vacancy
        return reply
    }
}
