import Messages
import Storage

/// The SQL of pins: which versions a declaration's round refers to.
enum PinStore {
    /// What is known of a round; nil when it never pinned and was never released.
    static func round(_ key: PinKey, _ rows: any RowReader) throws -> StoredPins? {
        guard
            let row = try rows.row(
                Statement(
                    "SELECT released FROM pin_rounds WHERE declaration_id = ? AND round = ?",
                    key.values))
        else { return nil }
        let pins = try rows.rows(
            Statement(
                "SELECT item_id, version FROM pins WHERE declaration_id = ? AND round = ?",
                key.values), limit: PinVersions.mostVersions)
        return StoredPins(
            isReleased: try row.integer("released") == 1,
            versions: try Dictionary(
                uniqueKeysWithValues: pins.map {
                    (try $0.text("item_id"), try $0.integer("version"))
                }))
    }

    /// The version of an approved item; nil for any other.
    static func approvedVersion(_ item: String, _ rows: any RowReader) throws -> Int64? {
        try rows.row(
            Statement("SELECT version FROM items WHERE id = ? AND state = 3", [.text(item)]))?
            .integer("version")
    }

    /// Whether a declaration in flight refers to that version of the item.
    static func isPinned(
        _ item: String, version: Int64, _ rows: any RowReader
    ) throws -> Bool {
        try rows.row(
            Statement(
                "SELECT 1 AS n FROM pins WHERE item_id = ? AND version = ? LIMIT 1",
                [.text(item), .integer(version)])) != nil
    }

    // MARK: writes

    static func pin(_ key: PinKey, _ versions: [Archive.PinnedVersion]) -> [Statement] {
        [insert(key, isReleased: false)]
            + versions.map { version in
                Statement(
                    "INSERT INTO pins (declaration_id, round, item_id, version) VALUES (?, ?, ?, ?)",
                    key.values + [.text(version.itemID), .integer(version.version)])
            }
    }

    /// A round that is released before it pinned.
    static func tombstone(_ key: PinKey) -> Statement { insert(key, isReleased: true) }

    static func release(_ key: PinKey) -> [Statement] {
        [
            Statement("DELETE FROM pins WHERE declaration_id = ? AND round = ?", key.values),
            Statement(
                """
                UPDATE pin_rounds SET released = 1
                WHERE declaration_id = ? AND round = ? AND released = 0
                """, key.values, expectedChanges: 1),
        ]
    }

    private static func insert(_ key: PinKey, isReleased: Bool) -> Statement {
        Statement(
            "INSERT INTO pin_rounds (declaration_id, round, released) VALUES (?, ?, ?)",
            key.values + [.integer(isReleased ? 1 : 0)])
    }
}

/// A round of a declaration.
struct PinKey: Sendable, Hashable {
    let declarationID: String
    let round: Int64

    fileprivate var values: [Value] { [.text(declarationID), .integer(round)] }
}

/// What a round pins.
struct StoredPins: Sendable, Hashable {
    let isReleased: Bool
    /// Versions by item.
    let versions: [String: Int64]
}
