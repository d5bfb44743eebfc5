import Messages
import ServiceRuntime
import Storage

/// The SQL of an item's history: its submissions, as a side may see them (A8).
extension VersionStore {
    /// The most submissions that a history tells of.
    private static let mostTold = 100

    /// The submissions of an item, newest first; of a unit, its own that were not retracted.
    static func history(
        of item: String, _ side: ItemStore.Side, _ rows: any RowReader
    ) throws -> [Archive.ItemVersion] {
        let (condition, arguments) = visible(item, side)
        return try rows.rows(
            Statement(
                """
                SELECT round, entered_ms, main_name, retracted_ms, \(StoredDecision.columns),
                    EXISTS (SELECT 1 FROM withdrawals AS w WHERE w.item_id = item_versions.item_id
                        AND w.item_version = item_versions.version + 1 AND w.state = 2)
                    AS withdrawn
                FROM item_versions WHERE \(condition) ORDER BY round DESC LIMIT ?
                """, arguments + [.integer(Int64(mostTold))]), limit: mostTold
        ).map { row in
            let decision = try StoredDecision(row)
            return Archive.ItemVersion(
                round: try row.integer("round"), submittedMs: try row.integer("entered_ms"),
                mainName: try row.text("main_name"), outcome: decision?.outcome ?? .unspecified,
                outcomeLabel: decision?.outcome.label ?? "", opinion: decision?.opinion ?? "",
                decidedByName: decision?.officerName ?? "",
                decidedMs: decision?.atMilliseconds ?? 0,
                withdrawn: try row.integer("withdrawn") == 1,
                retracted: try row.optionalInteger("retracted_ms") != nil)
        }
    }

    /// That submission; nil when the side may not see it.
    static func submission(
        of item: String, _ round: Int64, _ side: ItemStore.Side, _ rows: any RowReader
    ) throws -> Submitted? {
        try submitted(item, "round = ?", round, side, rows)
    }

    /// What was decided on last before that round; nil when the side may see nothing so old.
    static func lastDecided(
        of item: String, before round: Int64, _ side: ItemStore.Side, _ rows: any RowReader
    ) throws -> Submitted? {
        try submitted(item, "round < ? AND outcome IS NOT NULL", round, side, rows)
    }

    private static func submitted(
        _ item: String, _ which: String, _ round: Int64, _ side: ItemStore.Side,
        _ rows: any RowReader
    ) throws -> Submitted? {
        let (condition, arguments) = visible(item, side)
        return try rows.row(
            Statement(
                """
                SELECT round, form, main_name FROM item_versions
                WHERE \(condition) AND \(which) ORDER BY round DESC LIMIT 1
                """, arguments + [.integer(round)])
        ).map { row in
            let round = try row.integer("round")
            return Submitted(
                round: round, mainName: try row.text("main_name"),
                content: ItemContent(
                    form: try ItemForm(storedBytes: try row.blob("form")),
                    evidence: try EvidenceStore.submitted(item, round: round, rows)))
        }
    }

    /// One submission.
    struct Submitted: Sendable, Hashable {
        let round: Int64
        let mainName: String
        let content: ItemContent
    }

    private static func visible(
        _ item: String, _ side: ItemStore.Side
    ) -> (sql: String, arguments: [Value]) {
        switch side {
        case .applicant(let person):
            ("item_id = ? AND person_id = ?", [.text(item), .text(person)])
        case .unit(let unit):
            (
                "item_id = ? AND unit_id = ? AND retracted_ms IS NULL",
                [.text(item), .text(unit)]
            )
        }
    }
}
