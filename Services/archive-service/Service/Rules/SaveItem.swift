import Domain
import Messages
import ServiceRuntime
import Storage

/// A new draft, or an edit of a draft or of a returned item, by its applicant. Drafts may be incomplete (I7).
struct SaveItem: Command {
    /// The most items of one person.
    static let mostItems: Int64 = 2_000

    let applicant: Applicant
    let request: Archive.SaveItemRequest
    let catalog: Catalog
    /// Of the item, should it be a new one.
    let newID: String

    /// Who files.
    struct Applicant: Sendable, Hashable {
        let personID: String
        let name: String
    }

    struct Facts: Sendable {
        let existing: StoredItem?
        let evidence: [Common.Attachment]
        let flow: [StoredFlowStep]
        let items: Int64
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let existing =
            request.id.isEmpty
            ? nil : try ItemStore.item(request.id, .applicant(applicant.personID), rows)
        return Facts(
            existing: existing,
            evidence: try existing.map { try EvidenceStore.current($0.id, rows) } ?? [],
            flow: try existing.map { try ItemStore.flow($0.id, rows) } ?? [],
            items: try ItemStore.count(of: applicant.personID, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Archive.Item> {
        if !request.id.isEmpty { return try edited(facts) }
        var check = FormCheck()
        guard let kind = catalog.kind(request.kind) else {
            check.fault("kind", "业绩项", request.kind.isEmpty ? "请选择业绩项" : "没有这样的业绩项")
            throw .invalid(check.faults)
        }
        let given = GivenForm(request.values, of: kind, &check)
        try check.finish()
        guard facts.items < Self.mostItems else {
            throw .precondition("业绩档案最多 \(Self.mostItems) 项，已有 \(facts.items) 项")
        }
        let item = Self.draft(newID, of: kind, given.form, by: applicant, at: now)
        return Plan(
            writes: [ItemStore.insert(item)], messages: [],
            audit: [Self.audit(by: applicant, nil, item)],
            reply: item.message(kind, evidence: []))
    }

    /// A new item.
    static func draft(
        _ id: String, of kind: ItemKind, _ form: ItemForm, by applicant: Applicant,
        at now: Timestamp
    ) -> StoredItem {
        StoredItem(
            id: id, personID: applicant.personID, kind: kind.key, phase: .new, version: 1,
            round: 0, createdMilliseconds: now.milliseconds, form: form,
            mainName: kind.mainName(form),
            applicant: StoredItem.Applicant(name: applicant.name), submission: nil)
    }

    private func edited(_ facts: Facts) throws(Refusal) -> Plan<Archive.Item> {
        guard let existing = facts.existing else { throw .notFound("业绩") }
        guard existing.phase.after(.edit) != nil else {
            throw .precondition("业绩\(existing.phase.label)，不能修改")
        }
        guard existing.version == request.expectedVersion else {
            throw .conflict(current: existing.version)
        }
        var check = FormCheck()
        guard let kind = catalog.kind(existing.kind),
            request.kind.isEmpty || request.kind == existing.kind
        else {
            check.fault("kind", "业绩项", "已保存的业绩不能改为其他业绩项")
            throw .invalid(check.faults)
        }
        let given = GivenForm(request.values, of: kind, &check)
        try check.finish()
        var item = existing
        item.version += 1
        item.form = given.form
        item.mainName = kind.mainName(given.form)
        let dropped = facts.evidence.filter { given.keptEvidence?.contains($0.id) == false }
        return Plan(
            writes: [ItemStore.edit(item)]
                + dropped.flatMap { EvidenceStore.drop($0.id, of: item.id) },
            messages: [], audit: [Self.audit(by: applicant, existing, item)],
            reply: item.message(
                kind, evidence: facts.evidence.filter { !dropped.contains($0) },
                flow: facts.flow))
    }

    /// What the audit keeps of a form that was saved.
    static func audit(
        by applicant: Applicant, _ before: StoredItem?, _ after: StoredItem
    ) -> AuditEntry {
        AuditEntry(
            actor: "person:\(applicant.personID)", action: "archive.item.save",
            object: "item:\(after.id)", before: before?.audited ?? [], after: after.audited)
    }
}
