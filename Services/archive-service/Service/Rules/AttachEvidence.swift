import Domain
import Messages
import ServiceRuntime
import Storage

/// 佐证材料 of a draft or a returned item, by its applicant (A6).
/// It does not change the item's version: a page that shows the form stays valid.
struct AttachEvidence: Command {
    /// The most files of an item.
    static let mostFiles = 10

    let personID: String
    let itemID: String
    let catalog: Catalog
    /// Stored already, with the id that it gets.
    let file: Common.Attachment

    struct Facts: Sendable {
        let item: StoredItem?
        let files: Int
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let item = try ItemStore.item(itemID, .applicant(personID), rows)
        return Facts(
            item: item, files: try item.map { try EvidenceStore.current($0.id, rows).count } ?? 0)
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Common.Attachment> {
        guard let item = facts.item else { throw .notFound("业绩") }
        guard item.phase.after(.edit) != nil else {
            throw .precondition("业绩\(item.phase.label)，不能上传佐证材料")
        }
        guard let field = catalog.kind(item.kind)?.evidence else {
            throw .precondition("该业绩项没有佐证材料")
        }
        guard facts.files < Self.mostFiles else {
            throw .invalid([
                FieldFault(
                    field: "file", label: field.label,
                    message: "最多 \(Self.mostFiles) 个文件，已有 \(facts.files) 个")
            ])
        }
        return Plan(
            writes: [
                EvidenceStore.attach(file, to: item.id, atMilliseconds: now.milliseconds)
            ], messages: [],
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "archive.evidence.attach",
                    object: "item:\(item.id)", before: [("files", "\(facts.files)")],
                    after: [("files", "\(facts.files + 1)"), ("evidence", file.id)])
            ], reply: file)
    }
}
