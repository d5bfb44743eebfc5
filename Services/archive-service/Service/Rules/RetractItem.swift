import Domain
import Messages
import ServiceRuntime
import Storage

/// 收回 by the applicant, while nobody decided: a draft again. The submission stays the applicant's history, and its task ends.
struct RetractItem: Command {
    let personID: String
    let request: Archive.RetractItemRequest
    let catalog: Catalog

    struct Facts: Sendable {
        let item: StoredItem?
        /// What is in review.
        let version: StoredVersion?
        /// Whether an earlier submission was decided on: the unit keeps what it decided before its eyes.
        let wasDecided: Bool
        let evidence: [Common.Attachment]
        let flow: [StoredFlowStep]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let item = try ItemStore.item(request.id, .applicant(personID), rows)
        return Facts(
            item: item,
            version: try item.flatMap { item in
                try VersionStore.version(
                    item.taskID, .unit(item.submission?.unitID ?? ""), rows)
            },
            wasDecided: try item.map {
                try VersionStore.lastDecided(
                    of: $0.id, before: $0.round, .applicant(personID), rows) != nil
            } ?? false,
            evidence: try item.map { try EvidenceStore.current($0.id, rows) } ?? [],
            flow: try item.map { try ItemStore.flow($0.id, rows) } ?? [])
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Archive.Item> {
        guard let item = facts.item else { throw .notFound("业绩") }
        guard let next = item.phase.after(.retract), let version = facts.version else {
            throw .precondition("只有审核中的业绩可以收回，该业绩\(item.phase.label)")
        }
        guard !facts.wasDecided else {
            throw .precondition("该业绩此前已有审核结果，再次提交后不能收回，请等待审核")
        }
        guard item.version == request.expectedVersion else {
            throw .conflict(current: item.version)
        }
        var retracted = item
        retracted.phase = next
        retracted.version += 1
        let step = StoredFlowStep(
            node: FlowNode.applicant, action: "收回", actorID: personID,
            actorName: version.applicantName, opinion: "", atMilliseconds: now.milliseconds)
        return Plan(
            writes: ItemStore.move(item, to: retracted)
                + VersionStore.retract(version, atMilliseconds: now.milliseconds)
                + [ItemStore.append(step, to: item.id)],
            messages: [
                Announcement.of(
                    retracted, after: .retract, applicant: version.applicantName,
                    unit: version.unitID, referredTo: version.referredTo, by: personID,
                    task: .closed(
                        version.id.text, TaskID.source, TaskKind.item.key,
                        at: .unit(version.unitID)))?.message
            ].compactMap(\.self),
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "archive.item.retract",
                    object: "item:\(item.id)", before: item.audited, after: retracted.audited)
            ],
            reply: retracted.message(
                catalog.kind(item.kind), evidence: facts.evidence, flow: facts.flow + [step]))
    }
}
