import Domain
import Messages
import Storage

/// The experts' votes on a declaration.
struct Votes: Sendable, Hashable {
    /// Experts who voted; a proxy's vote counts nothing.
    let present: Int64
    let inFavour: Int64

    /// 赞成 ≥ 2/3 of those present (D10).
    var passes: Bool { present > 0 && inFavour * 3 >= present * 2 }

    var message: Declaration.Votes {
        Declaration.Votes(
            present: UInt32(clamping: present), inFavour: UInt32(clamping: inFavour),
            passes: passes)
    }
}

/// The SQL of votes: rows in, statements out.
enum VoteStore {
    /// Of that round's expert review.
    static func votes(
        of declaration: String, round: Int64, _ rows: any RowReader
    ) throws -> Votes? {
        try rows.row(
            Statement(
                "SELECT present, in_favour FROM votes WHERE declaration_id = ? AND round = ?",
                [.text(declaration), .integer(round)])
        ).map(stored)
    }

    /// Of the last expert review.
    static func last(of declaration: String, _ rows: any RowReader) throws -> Votes? {
        try rows.row(
            Statement(
                """
                SELECT present, in_favour FROM votes WHERE declaration_id = ?
                ORDER BY round DESC LIMIT 1
                """, [.text(declaration)])
        ).map(stored)
    }

    private static func stored(_ row: Row) throws -> Votes {
        Votes(present: try row.integer("present"), inFavour: try row.integer("in_favour"))
    }

    static func save(
        _ votes: Votes, of declaration: StoredDeclaration, by person: String, at now: Timestamp
    ) -> Statement {
        Statement(
            """
            INSERT INTO votes (declaration_id, round, present, in_favour, saved_by, saved_ms)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (declaration_id, round) DO UPDATE SET present = excluded.present,
                in_favour = excluded.in_favour, saved_by = excluded.saved_by,
                saved_ms = excluded.saved_ms
            """,
            [
                .text(declaration.id), .integer(declaration.round), .integer(votes.present),
                .integer(votes.inFavour), .text(person), .integer(now.milliseconds),
            ])
    }
}
