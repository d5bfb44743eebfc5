import MessageCoding
import Messages
import Storage

/// What a submission said.
struct Submission: Sendable {
    let application: Declaration.Application
    /// The frozen archive items.
    let items: [Archive.Item]
}

/// The SQL of submissions, and of the defects that returns raised: rows in, statements out.
enum SubmissionStore {
    /// The accepted submission before the present one; nil for a first one.
    static func before(
        _ declaration: StoredDeclaration, _ rows: any RowReader
    ) throws -> Submission? {
        let row = try rows.row(
            Statement(
                """
                SELECT s.round AS round, s.application AS application FROM submissions AS s
                JOIN steps AS t ON t.declaration_id = s.declaration_id AND t.round = s.round
                    AND t.kind = 1 AND t.state = 2
                WHERE s.declaration_id = ? AND s.round < ? ORDER BY s.round DESC LIMIT 1
                """, [.text(declaration.id), .integer(declaration.acceptedRound)]))
        guard let row else { return nil }
        return Submission(
            application: try Declaration.Application(decoding: try row.blob("application")),
            items: try DeclarationStore.snapshot(
                declaration.id, round: try row.integer("round"), rows))
    }

    static func insert(_ declaration: StoredDeclaration) -> Statement {
        Statement(
            "INSERT INTO submissions (declaration_id, round, application) VALUES (?, ?, ?)",
            [
                .text(declaration.id), .integer(declaration.round),
                .message(declaration.application),
            ])
    }

    // MARK: defects

    /// Of every return so far, oldest first.
    static func defects(
        of declaration: String, _ rows: any RowReader
    ) throws -> [Declaration.RaisedDefect] {
        try rows.rows(
            Statement(
                """
                SELECT text, round, node, raised_ms, visible_before FROM defects
                WHERE declaration_id = ? ORDER BY round, position
                """, [.text(declaration)]), limit: 10_000
        ).map { row in
            Declaration.RaisedDefect(
                text: try row.text("text"), round: try row.integer("round"),
                node: try row.text("node"), raisedMs: try row.integer("raised_ms"),
                visibleBefore: try row.integer("visible_before") == 1)
        }
    }

    static func insert(
        _ defects: [Declaration.RaisedDefect], of declaration: String
    ) -> [Statement] {
        defects.enumerated().map { position, defect in
            Statement(
                """
                INSERT INTO defects
                    (declaration_id, round, position, text, node, raised_ms, visible_before)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(declaration), .integer(defect.round), .integer(Int64(position)),
                    .text(defect.text), .text(defect.node), .integer(defect.raisedMs),
                    .integer(defect.visibleBefore ? 1 : 0),
                ])
        }
    }
}
