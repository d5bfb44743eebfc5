import Domain
import Messages
import ServiceRuntime
import Storage

/// 提交 by the applicant, for the first time or after a return: a new round, frozen as it is (A8).
struct SubmitItem: Command {
    /// In the flow; there is one such step for each round.
    static let action = "提交"

    let personID: String
    let request: Archive.SubmitItemRequest
    let catalog: Catalog
    /// What identity-service said of the person right before; nil when it knows nobody registered.
    let person: Identity.PersonSummary?

    struct Facts: Sendable {
        let item: StoredItem?
        let evidence: [Common.Attachment]
        let flow: [StoredFlowStep]
        /// Until when nothing is submitted to the person's unit.
        let held: Int64?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let item = try ItemStore.item(request.id, .applicant(personID), rows)
        return Facts(
            item: item, evidence: try item.map { try EvidenceStore.current($0.id, rows) } ?? [],
            flow: try item.map { try ItemStore.flow($0.id, rows) } ?? [],
            held: try person.flatMap { try HeldUnits.until($0.unitID, rows) })
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Archive.Item> {
        guard let item = facts.item else { throw .notFound("业绩") }
        guard let event = item.phase.submitting, let next = item.phase.after(event) else {
            throw .precondition("业绩\(item.phase.label)，不能提交")
        }
        guard item.version == request.expectedVersion else {
            throw .conflict(current: item.version)
        }
        guard let person, person.registration == .approved, !person.unitID.isEmpty else {
            throw .precondition("人员注册审核通过后才能提交业绩")
        }
        // Corrections wait as well: they have no term.
        try person.requireReviewingUnit(held: facts.held, at: now)
        guard let kind = catalog.kind(item.kind) else {
            throw .precondition("业绩项“\(item.kind)”已停用，不能提交")
        }
        var check = FormCheck()
        kind.check(item.form, evidence: facts.evidence.count, &check)
        try check.finish()

        var submitted = item
        submitted.phase = next
        submitted.version += 1
        submitted.round += 1
        submitted.applicant = StoredItem.Applicant(
            name: person.name, sex: person.sex, idMasked: person.idNumberMasked)
        submitted.submission = StoredItem.Submission(
            unitID: person.unitID, atMilliseconds: now.milliseconds)
        let version = StoredVersion(
            id: submitted.taskID, version: submitted.version, kind: item.kind,
            unitID: person.unitID, personID: personID, personKey: person.personKey,
            applicantName: person.name, mainName: item.mainName, form: item.form,
            enteredMilliseconds: now.milliseconds, referredTo: person.referral, decision: nil)
        let step = StoredFlowStep(
            node: FlowNode.applicant, action: Self.action, actorID: personID,
            actorName: person.name, opinion: "", atMilliseconds: now.milliseconds)
        return Plan(
            writes: ItemStore.move(item, to: submitted) + VersionStore.open(version)
                + [ItemStore.append(step, to: item.id)],
            messages: [
                Announcement.of(
                    submitted, after: event, applicant: person.name, unit: person.unitID,
                    referredTo: person.referral, by: personID,
                    task: .opened(
                        version.listed.task(catalog), at: .unit(person.unitID),
                        region: person.unitRegion))?.message
            ].compactMap(\.self),
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "archive.item.submit",
                    object: "item:\(item.id)", before: item.audited, after: submitted.audited)
            ],
            reply: submitted.message(kind, evidence: facts.evidence, flow: facts.flow + [step]))
    }
}
