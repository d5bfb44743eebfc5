import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.LiftBanReply: StorableReply {}

/// The HR department lifts the ban that a termination brought (D9): the person may declare again in that year.
struct LiftBan: Command {
    static let longestReason = 500

    let department: Identity.Session
    let request: Declaration.LiftBanRequest
    let ids: CommandIDs

    func read(_ rows: any RowReader) throws -> StoredDeclaration? {
        guard try DeclarationStore.bans(by: request.declarationID, rows) else { return nil }
        return try DeclarationStore.declaration(request.declarationID, rows)
    }

    func decide(
        _ declaration: StoredDeclaration?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.LiftBanReply> {
        // Another region's answers as an unknown one does.
        guard let declaration, let own = Region(code: department.region),
            let region = Region(code: declaration.unit.region), own.covers(region)
        else { throw .notFound("年度禁报") }
        try declaration.requireOther(department)
        var check = FormCheck()
        let reason = check.text(
            request.reason, "reason", "解除原因", required: true, longest: Self.longestReason,
            hasLines: true)
        try check.finish()
        var changes = Changes(of: declaration, ids: ids)
        changes.note(
            "解除禁报", node: "人社部门", actor: (department.personID, department.name),
            opinion: reason, at: now)
        changes.write([DeclarationStore.liftBan(of: declaration.id)])
        changes.send(
            Announcement.liftedBan(of: declaration, by: department.personID).message)
        changes.record(
            AuditEntry(
                actor: "person:\(department.personID)", action: "declaration.ban.lift",
                object: "declaration:\(declaration.id)",
                before: [("year", String(declaration.plan.year))]))
        return changes.plan(Declaration.LiftBanReply())
    }
}
