import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.ClaimReply: StorableReply {}

/// 领取 (D5): one winner; everybody else learns who holds it.
struct ClaimDeclaration: Command {
    let officer: Officer
    let request: Declaration.ClaimRequest
    let ids: CommandIDs

    func read(_ rows: any RowReader) throws -> StoredDeclaration? {
        try DeclarationStore.declaration(request.id, for: .officer(officer), rows)
    }

    func decide(
        _ declaration: StoredDeclaration?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.ClaimReply> {
        guard let declaration else { throw .notFound("申报") }
        try declaration.requireOther(officer)
        try declaration.requireSettled()
        var changes = Changes(of: declaration, ids: ids)
        if declaration.phase == .unitReview, let claim = declaration.claim {
            // Who holds it already has what they ask for.
            guard claim.officerID == officer.personID else { throw .held(by: claim) }
        } else {
            _ = try declaration.target(of: .claim, by: officer.actors)
            try declaration.requireVersion(request.expectedVersion)
            try changes.claim(by: officer)
        }
        return changes.plan(
            Declaration.ClaimReply(row: changes.declaration.row(for: .officer(officer))))
    }
}

/// Gives a claim back to the pool: its holder, or an administrator of the unit.
struct ReleaseClaim: Command {
    let officer: Officer
    let request: Declaration.ReleaseClaimRequest
    let ids: CommandIDs

    func read(_ rows: any RowReader) throws -> StoredDeclaration? {
        try DeclarationStore.declaration(request.id, for: .officer(officer), rows)
    }

    func decide(
        _ declaration: StoredDeclaration?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.ClaimReply> {
        guard let declaration else { throw .notFound("申报") }
        try declaration.requireSettled()
        let next = try declaration.target(of: .release, by: officer.actors)
        if !officer.isAdministrator { try declaration.requireHolder(officer) }
        try declaration.requireVersion(request.expectedVersion)
        var changes = Changes(of: declaration, ids: ids)
        changes.apply("declaration.release", by: "person:\(officer.personID)") {
            $0.phase = next
            $0.claim = nil
        }
        return changes.plan(
            Declaration.ClaimReply(row: changes.declaration.row(for: .officer(officer))))
    }
}
