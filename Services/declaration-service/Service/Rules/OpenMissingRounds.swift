import Domain
import ServiceRuntime
import Storage

/// Gives a task to what waits at a later node without one: declarations that their units approved before there
/// were later nodes (migration 2).
struct OpenMissingRounds: Command {
    /// Declarations in one transaction.
    static let most = 50

    /// For one declaration each.
    let ids: [CommandIDs]

    func read(_ rows: any RowReader) throws -> [StoredDeclaration] {
        try DeclarationStore.withoutRound(limit: ids.count, rows)
    }

    func decide(
        _ found: [StoredDeclaration], at now: Timestamp
    ) throws(Refusal) -> Plan<LapseOverdue.Reply> {
        var plan = Plan(reply: LapseOverdue.Reply(count: found.count))
        for (declaration, ids) in zip(found, ids) {
            var changes = Changes(of: declaration, ids: ids)
            changes.apply("declaration.round.open", by: "service:declaration-service") {
                $0.round += 1
            }
            guard let desk = declaration.desk else { continue }
            changes.write([RoundStore.open(changes.declaration, at: now)])
            changes.write(DeskCounts.waits(at: desk))
            let one = changes.plan(())
            plan.writes += one.writes
            plan.messages += one.messages
            plan.audit += one.audit
        }
        return plan
    }
}

extension DeclarationStore {
    /// What waits at a later node and has no open round there, at most so many.
    fileprivate static func withoutRound(
        limit: Int, _ rows: any RowReader
    ) throws -> [StoredDeclaration] {
        try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM \(source)
                WHERE d.phase IN (5, 6, 7, 8) AND NOT EXISTS (
                    SELECT 1 FROM rounds AS r
                    WHERE r.declaration_id = d.id AND r.outcome IS NULL)
                ORDER BY d.id LIMIT ?
                """, [.integer(Int64(limit))]), limit: limit
        ).map(stored)
    }
}
