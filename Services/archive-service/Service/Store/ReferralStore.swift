import ServiceRuntime
import Storage

/// The SQL of what a superior may decide in a unit's place (I10).
enum ReferralStore {
    /// The unit of an item that has, or had, a task which was referred to one of the regions; nil for every other item.
    static func unit(
        of item: String, for jurisdiction: Jurisdiction, _ rows: any RowReader
    ) throws -> String? {
        let (condition, arguments) = jurisdiction.condition("referred_to")
        return try rows.row(
            Statement(
                """
                SELECT unit_id FROM item_versions WHERE item_id = ? AND \(condition)
                UNION ALL SELECT unit_id FROM withdrawals WHERE item_id = ? AND \(condition)
                LIMIT 1
                """, [.text(item)] + arguments + [.text(item)] + arguments)
        )?.text("unit_id")
    }

    /// What waits of the unit's only officer is the region's superior's too.
    static func refer(_ key: [UInt8], unit: String, to region: String) -> [Statement] {
        ["item_versions", "withdrawals"].map { table in
            Statement(
                """
                UPDATE \(table) SET referred_to = ?
                WHERE unit_id = ? AND person_key = ?
                    AND \(table == "withdrawals" ? "state = 1" : VersionStore.pending)
                """, [.text(region), .text(unit), .blob(key)])
        }
    }
}
