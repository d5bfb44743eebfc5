import Messages
import ServiceRuntime
import Storage

/// Who looked at somebody's numbers, when and why.
struct StoredReveal: Sendable, Hashable {
    let id: String
    let personID: String
    let registrationID: String
    let officerID: String
    let officerName: String
    let unitID: String
    let unitName: String
    let reason: String
    let atMilliseconds: Int64

    /// As the person sees it.
    var message: Identity.Reveal {
        Identity.Reveal(
            id: id, atMs: atMilliseconds, officerName: officerName, unitName: unitName,
            reason: reason)
    }
}

/// The SQL of looks at numbers in clear: rows in, statements out.
enum RevealStore {
    private static let columns = """
        id, person_id, registration_id, officer_id, officer_name, unit_id, unit_name, reason, at_ms
        """

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        of person: String, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredReveal] {
        try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM reveals
                WHERE person_id = ? AND (at_ms, id) < (?, ?)
                ORDER BY at_ms DESC, id DESC LIMIT ?
                """, [.text(person)] + bounds.arguments), limit: bounds.size + 1
        ).map { row in
            StoredReveal(
                id: try row.text("id"), personID: try row.text("person_id"),
                registrationID: try row.text("registration_id"),
                officerID: try row.text("officer_id"),
                officerName: try row.text("officer_name"), unitID: try row.text("unit_id"),
                unitName: try row.text("unit_name"), reason: try row.text("reason"),
                atMilliseconds: try row.integer("at_ms"))
        }
    }

    static func count(of person: String, _ rows: any RowReader) throws -> Int64 {
        try rows.row(
            Statement(
                "SELECT count(*) AS n FROM reveals WHERE person_id = ?", [.text(person)]))?
            .integer("n") ?? 0
    }

    static func insert(_ reveal: StoredReveal) -> Statement {
        Statement(
            "INSERT INTO reveals (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .text(reveal.id), .text(reveal.personID), .text(reveal.registrationID),
                .text(reveal.officerID), .text(reveal.officerName), .text(reveal.unitID),
                .text(reveal.unitName), .text(reveal.reason), .integer(reveal.atMilliseconds),
            ])
    }
}
