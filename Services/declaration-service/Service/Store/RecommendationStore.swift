import Domain
import Messages
import Storage

/// 单位推荐意见 as it was saved last; empty before.
struct StoredRecommendation: Sendable, Hashable {
    var text = ""
    /// 是否占用本单位的职位数; nil until it is said.
    var occupiesPost: Bool?
    var note = ""
    /// 0 before the first save.
    var version: Int64 = 0
    var noticeProofs: [Common.Attachment] = []
    var materials: [Common.Attachment] = []

    var message: Declaration.Recommendation {
        Declaration.Recommendation(
            text: text, noticeProofs: noticeProofs, materials: materials,
            occupiesPost: occupiesPost, occupationNote: note, version: version)
    }
}

/// The SQL of recommendations and their files: rows in, statements out.
enum RecommendationStore {
    /// Files of one declaration, proofs and others together.
    static let mostFiles = 20

    static func recommendation(
        of declaration: String, _ rows: any RowReader
    ) throws -> StoredRecommendation {
        var stored = StoredRecommendation()
        if let row = try rows.row(
            Statement(
                """
                SELECT text, occupies_post, note, version FROM recommendations
                WHERE declaration_id = ?
                """, [.text(declaration)]))
        {
            stored.text = try row.text("text")
            stored.occupiesPost = try row.optionalInteger("occupies_post").map { $0 == 1 }
            stored.note = try row.text("note")
            stored.version = try row.integer("version")
        }
        for row in try rows.rows(
            Statement(
                """
                SELECT id, kind, file_name, media_type, byte_count, sha256 FROM materials
                WHERE declaration_id = ? ORDER BY uploaded_ms, id
                """, [.text(declaration)]), limit: mostFiles)
        {
            let file = Common.Attachment(
                id: try row.text("id"), fileName: try row.text("file_name"),
                mediaType: try row.text("media_type"), byteCount: try row.integer("byte_count"),
                sha256: try row.blob("sha256"))
            let kind = Declaration.MaterialKind(rawValue: Int32(try row.integer("kind")))
            if kind == .noticeProof {
                stored.noticeProofs.append(file)
            } else {
                stored.materials.append(file)
            }
        }
        return stored
    }

    static func save(_ stored: StoredRecommendation, of declaration: String) -> Statement {
        Statement(
            """
            INSERT INTO recommendations (declaration_id, text, occupies_post, note, version)
            VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (declaration_id) DO UPDATE SET text = excluded.text,
                occupies_post = excluded.occupies_post, note = excluded.note,
                version = excluded.version
            """,
            [
                .text(declaration), .text(stored.text),
                .optional(stored.occupiesPost.map { $0 ? 1 : 0 }), .text(stored.note),
                .integer(stored.version),
            ])
    }

    static func remove(_ file: String, of declaration: String) -> Statement {
        Statement(
            "DELETE FROM materials WHERE id = ? AND declaration_id = ?",
            [.text(file), .text(declaration)], expectedChanges: 1)
    }

    static func attach(
        _ file: Common.Attachment, _ kind: Declaration.MaterialKind, to declaration: String,
        at now: Timestamp
    ) -> Statement {
        Statement(
            """
            INSERT INTO materials (id, declaration_id, kind, file_name, media_type, byte_count,
                sha256, uploaded_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(file.id), .text(declaration), .integer(Int64(kind.rawValue)),
                .text(file.fileName), .text(file.mediaType), .integer(file.byteCount),
                .blob(file.sha256), .integer(now.milliseconds),
            ])
    }
}
