import Domain
import Messages
import ServiceRuntime
import Storage

/// An officer of a unit left, or is alone there now: identity-service says so once for each change.
struct ApplyOfficerChange: Command {
    /// The most claims that end with an officer; what is beyond, an administrator of the unit releases.
    static let mostClaims = 1_000

    let request: Identity.ApplyOfficerChangeRequest
    let ids: CommandIDs

    func read(_ rows: any RowReader) throws -> [StoredDeclaration] {
        guard !request.leftID.isEmpty else { return [] }
        return try DeclarationStore.claimed(
            by: request.leftID, unit: request.unitID, limit: Self.mostClaims, rows)
    }

    func decide(
        _ claimed: [StoredDeclaration], at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.ApplyOfficerChangeReply> {
        var writes: [Statement] = []
        var audit: [AuditEntry] = []
        for declaration in claimed {
            // The message comes again.
            try declaration.requireSettled()
            var changes = Changes(of: declaration, ids: ids)
            changes.apply("declaration.release", by: "service:identity-service") {
                // What the unit shows, or has back from above, stays where it is, with nobody's claim.
                if $0.phase == .unitReview { $0.phase = .unitPool }
                $0.claim = nil
            }
            let plan = changes.plan(Identity.ApplyOfficerChangeReply())
            writes += plan.writes
            audit += plan.audit
        }
        if !request.soleKey.isEmpty {
            writes.append(
                RoundStore.refer(request.soleKey, unit: request.unitID, to: request.region))
            audit.append(
                AuditEntry(
                    actor: "service:identity-service", action: "declaration.refer",
                    object: "unit:\(request.unitID)", after: [("region", request.region)]))
        }
        return Plan(writes: writes, audit: audit, reply: Identity.ApplyOfficerChangeReply())
    }
}
