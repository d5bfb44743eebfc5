import Messages
import Storage

/// The SQL of evidence files: what the applicant has now, and what each submission had.
enum EvidenceStore {
    private static let columns = "e.id, e.file_name, e.media_type, e.bytes, e.sha256"

    /// The files that the side sees with the item: the applicant's own set, or that of the last submission.
    static func files(
        of item: StoredItem, _ side: ItemStore.Side, _ rows: any RowReader
    ) throws -> [Common.Attachment] {
        switch side {
        case .applicant: try current(item.id, rows)
        case .unit: try submitted(item.id, round: item.round, rows)
        }
    }

    /// The applicant's set, oldest first.
    static func current(_ item: String, _ rows: any RowReader) throws -> [Common.Attachment] {
        try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM evidence AS e WHERE e.item_id = ? AND e.current = 1
                ORDER BY e.uploaded_ms, e.id LIMIT 100
                """, [.text(item)]), limit: 100
        ).map(stored)
    }

    /// The set of one submission, oldest first.
    static func submitted(
        _ item: String, round: Int64, _ rows: any RowReader
    ) throws -> [Common.Attachment] {
        try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM version_evidence AS v
                JOIN evidence AS e ON e.id = v.evidence_id
                WHERE v.item_id = ? AND v.round = ? ORDER BY e.uploaded_ms, e.id LIMIT 100
                """, [.text(item), .integer(round)]), limit: 100
        ).map(stored)
    }

    /// Who asks for one file.
    enum Reader: Sendable, Hashable {
        /// The applicant sees every file of the own items.
        case applicant(String)
        /// A unit sees what was submitted to it.
        case unit(String)
        /// A declaration may hold whatever was submitted.
        case service

        fileprivate var condition: (sql: String, arguments: [Value]) {
            let submitted = """
                EXISTS (SELECT 1 FROM version_evidence AS f
                    JOIN item_versions AS v ON v.item_id = f.item_id AND v.round = f.round
                    WHERE f.evidence_id = e.id
                """
            return switch self {
            case .applicant(let person): ("i.person_id = ?", [.text(person)])
            case .unit(let unit):
                ("\(submitted) AND v.unit_id = ? AND v.retracted_ms IS NULL)", [.text(unit)])
            case .service: ("\(submitted))", [])
            }
        }
    }

    /// A file of the item; nil for an unknown one and one that the reader may not see.
    static func file(
        _ id: String, item: String, for reader: Reader, _ rows: any RowReader
    ) throws -> Common.Attachment? {
        let (condition, arguments) = reader.condition
        return try rows.row(
            Statement(
                """
                SELECT \(columns) FROM evidence AS e JOIN items AS i ON i.id = e.item_id
                WHERE e.id = ? AND e.item_id = ? AND \(condition)
                """, [.text(id), .text(item)] + arguments)
        ).map(stored)
    }

    private static func stored(_ row: Row) throws -> Common.Attachment {
        Common.Attachment(
            id: try row.text("id"), fileName: try row.text("file_name"),
            mediaType: try row.text("media_type"), byteCount: try row.integer("bytes"),
            sha256: try row.blob("sha256"))
    }

    // MARK: writes

    /// Into the applicant's set; the item's state is the last assertion.
    static func attach(
        _ file: Common.Attachment, to item: String, atMilliseconds: Int64
    ) -> Statement {
        Statement(
            """
            INSERT INTO evidence
                (id, item_id, file_name, media_type, bytes, sha256, uploaded_ms, current)
            SELECT ?, i.id, ?, ?, ?, ?, ?, 1 FROM items AS i WHERE i.id = ? AND i.state IN (1, 4)
            """,
            [
                .text(file.id), .text(file.fileName), .text(file.mediaType),
                .integer(file.byteCount), .blob(file.sha256), .integer(atMilliseconds),
                .text(item),
            ], expectedChanges: 1)
    }

    /// Takes one file out of the applicant's set; submissions keep it, and without one it is gone.
    static func drop(_ id: String, of item: String) -> [Statement] {
        [
            Statement(
                "UPDATE evidence SET current = 0 WHERE id = ? AND item_id = ? AND current = 1",
                [.text(id), .text(item)], expectedChanges: 1),
            Statement("DELETE FROM evidence WHERE id = ? AND \(unused)", [.text(id)]),
        ]
    }

    /// A file that is in no set.
    private static let unused = """
        current = 0 AND NOT EXISTS (
            SELECT 1 FROM version_evidence AS f WHERE f.evidence_id = evidence.id)
        """
}
