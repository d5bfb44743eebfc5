import ServiceRuntime
import Storage

/// The SQL of what a superior may decide in a unit's place (I10).
enum ReferralStore {
    /// The unit of an item that has, or had, a task which was referred to one of the regions; nil for every other item. Of several
    /// units, whose persons had it in turn, the one where a task waits, or the last.
    static func unit(
        of item: String, for jurisdiction: Jurisdiction, _ rows: any RowReader
    ) throws -> String? {
        let (condition, arguments) = jurisdiction.condition("referred_to")
        return try rows.row(
            Statement(
                """
                SELECT unit_id, outcome IS NULL AND retracted_ms IS NULL AS waits, entered_ms
                FROM item_versions WHERE item_id = ? AND \(condition)
                UNION ALL SELECT unit_id, state = 1 AS waits, entered_ms
                FROM withdrawals WHERE item_id = ? AND \(condition)
                ORDER BY waits DESC, entered_ms DESC LIMIT 1
                """, [.text(item)] + arguments + [.text(item)] + arguments)
        )?.text("unit_id")
    }

    /// The tables of tasks.
    enum Table: String, CaseIterable {
        case items = "item_versions"
        case withdrawals

        /// What makes a row of it one that waits.
        fileprivate var pending: String {
            switch self {
            case .items: VersionStore.pending
            case .withdrawals: "state = 1"
            }
        }
    }

    /// What waits of the unit's only officer is the region's superior's too.
    static func refer(_ key: [UInt8], unit: String, to region: String) -> [Statement] {
        Table.allCases.map { table in
            Statement(
                """
                UPDATE \(table.rawValue) SET referred_to = ?
                WHERE unit_id = ? AND person_key = ? AND \(table.pending)
                """, [.text(region), .text(unit), .blob(key)])
        }
    }

    /// How much of the person waits at the unit that the region's superior does not have yet.
    static func count(
        in table: Table, of key: [UInt8], unit: String, notYet region: String,
        _ rows: any RowReader
    ) throws -> Int64 {
        try rows.row(
            Statement(
                """
                SELECT count(*) AS n FROM \(table.rawValue)
                WHERE unit_id = ? AND person_key = ? AND referred_to <> ? AND \(table.pending)
                """, [.text(unit), .blob(key), .text(region)]))?.integer("n") ?? 0
    }
}
