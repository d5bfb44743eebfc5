import Domain
import Messages
import ServiceRuntime
import Storage

/// An officer of a unit left, is alone there now, or is so no more: identity-service says so once for each change.
struct ApplyOfficerChange: Command {
    /// The most claims that one plan ends.
    static let mostClaims = 500

    let request: Identity.ApplyOfficerChangeRequest
    let ids: CommandIDs

    struct Facts: Sendable {
        /// By who left.
        let claimed: [StoredDeclaration]
        /// In flight, of who is alone.
        let own: StoredDeclaration?
        /// In flight, of who was alone until another officer joined.
        let accompanied: StoredDeclaration?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        func inFlight(of key: [UInt8]) throws -> StoredDeclaration? {
            guard !key.isEmpty, let id = try DeclarationStore.inFlight(of: key, rows) else {
                return nil
            }
            return try DeclarationStore.declaration(id, rows)
        }
        return Facts(
            claimed: request.leftID.isEmpty
                ? []
                : try DeclarationStore.claimed(
                    by: request.leftID, unit: request.unitID, limit: Self.mostClaims, rows),
            own: try inFlight(of: request.soleKey),
            accompanied: try inFlight(of: request.accompaniedKey))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.ApplyOfficerChangeReply> {
        var whole = Plan(reply: Identity.ApplyOfficerChangeReply())
        for declaration in facts.claimed {
            // The message comes again.
            try declaration.requireSettled()
            var changes = Changes(of: declaration, ids: ids)
            changes.apply("declaration.release", by: "service:identity-service") {
                // What the unit shows, or has back from above, stays where it is, with nobody's claim.
                if $0.phase == .unitReview { $0.phase = .unitPool }
                $0.claim = nil
            }
            let plan = changes.plan(())
            whole.writes += plan.writes
            whole.messages += plan.messages
            whole.audit += plan.audit
        }
        if !request.soleKey.isEmpty {
            refer(facts.own, &whole, at: now)
        }
        if let accompanied = facts.accompanied { leaveToUnit(accompanied, &whole) }
        return whole
    }

    /// What comes back to the unit from now on is the unit's alone again. A round that waits there stays the superior's as well,
    /// who was told of it and may have begun.
    private func leaveToUnit(
        _ declaration: StoredDeclaration, _ plan: inout Plan<Identity.ApplyOfficerChangeReply>
    ) {
        guard declaration.unit.id == request.unitID, declaration.applicant.soleOfficer else {
            return
        }
        var declaration = declaration
        declaration.applicant.soleOfficer = false
        plan.writes.append(DeclarationStore.describe(declaration))
        plan.audit.append(
            AuditEntry(
                actor: "service:identity-service", action: "declaration.leave_to_unit",
                object: "unit:\(request.unitID)", after: []))
    }

    /// What waits at the unit is the superior's as well, and so is every round that comes back to it.
    private func refer(
        _ own: StoredDeclaration?, _ plan: inout Plan<Identity.ApplyOfficerChangeReply>,
        at now: Timestamp
    ) {
        plan.writes.append(
            RoundStore.refer(request.soleKey, unit: request.unitID, to: request.region))
        if var own, own.unit.id == request.unitID {
            let isNews = own.phase.waitsForUnit && own.applicant.referral != request.region
            plan.messages += [
                Announcement.referred(
                    isNews ? 1 : 0, TaskSourceHandler.kindLabel, machine: "declaration",
                    unit: request.unitID, to: request.region, at: now)?.message
            ].compactMap(\.self)
            own.applicant.soleOfficer = true
            own.applicant.unitRegion = request.region
            plan.writes.append(DeclarationStore.describe(own))
        }
        plan.audit.append(
            AuditEntry(
                actor: "service:identity-service", action: "declaration.refer",
                object: "unit:\(request.unitID)", after: [("region", request.region)]))
    }
}
