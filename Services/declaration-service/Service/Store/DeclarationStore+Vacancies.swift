import MessageCoding
import Messages
import Storage

extension DeclarationStore {
    /// The most that one answer counts.
    private static let mostPending = 10_000

    /// The levels of the unit's declarations of the plan year that it may still approve with 占用: they wait for the
    /// unit, hold no vacancy yet, and nobody has said 否.
    static func mayOccupy(
        unit: String, year: Int32, besides id: String, _ rows: any RowReader
    ) throws -> [Common.QuotaLevel] {
        try rows.rows(
            Statement(
                """
                SELECT d.application AS application
                FROM declarations AS d JOIN plans AS p ON p.id = d.plan_id
                    LEFT JOIN recommendations AS r ON r.declaration_id = d.id
                WHERE d.unit_id = ? AND d.submitted_ms IS NOT NULL AND d.phase IN (2, 3, 4, 12)
                    AND p.year = ? AND d.reservation_id IS NULL AND d.id <> ?
                    AND coalesce(r.occupies_post, 1) = 1
                LIMIT ?
                """,
                [
                    .text(unit), .integer(Int64(year)), .text(id),
                    .integer(Int64(mostPending)),
                ]), limit: mostPending
        ).compactMap { row in
            let application = try Declaration.Application(decoding: try row.blob("application"))
            return TitleLevel(rawValue: application.level)?.quota
        }
    }
}
