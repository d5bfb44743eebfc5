import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// A public notice of one declaration: the unit's, or the committee's of its result.
struct StoredNotice: Sendable, Hashable {
    let id: String
    let declarationID: String
    /// The unit's id, or the name of the committee's desk.
    let owner: String
    /// What is shown, fixed when it was opened.
    let content: [Common.FormValue]
    let openedMilliseconds: Int64
    let openedDay: String
    /// The last day.
    let untilDay: String
    let openedByName: String
    /// Nil while it runs.
    var closedMilliseconds: Int64?
    var objections: [Declaration.Objection]

    var message: Declaration.Notice {
        Declaration.Notice(
            id: id, declarationID: declarationID, content: content, openedDay: openedDay,
            untilDay: untilDay, openedByName: openedByName, objections: objections,
            openedMs: openedMilliseconds, closedMs: closedMilliseconds ?? 0)
    }
}

/// The SQL of public notices: rows in, statements out.
enum NoticeStore {
    /// Objections to one notice.
    static let mostObjections = 100

    private static let columns = """
        id, declaration_id, unit_id, content, opened_ms, opened_day, until_day, opened_by_name,
        closed_ms
        """

    /// The owner's notice; nil for an unknown or foreign one.
    static func notice(
        _ id: String, owner: String, _ rows: any RowReader
    ) throws -> StoredNotice? {
        try rows.row(
            Statement(
                "SELECT \(columns) FROM notices WHERE id = ? AND unit_id = ?",
                [.text(id), .text(owner)])
        ).map { try stored($0, rows) }
    }

    /// What a list is narrowed by.
    struct Filter: Sendable {
        let owner: String
        /// "" for every declaration.
        let declaration: String
        let isRunning: Bool
    }

    /// The declaration that the notice is of.
    static func declaration(of notice: String, _ rows: any RowReader) throws -> String? {
        try rows.row(
            Statement("SELECT declaration_id FROM notices WHERE id = ?", [.text(notice)]))?
            .text("declaration_id")
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        _ filter: Filter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredNotice] {
        var condition = "unit_id = ?"
        var arguments: [Value] = [.text(filter.owner)]
        if !filter.declaration.isEmpty {
            condition += " AND declaration_id = ?"
            arguments.append(.text(filter.declaration))
        }
        if filter.isRunning { condition += " AND closed_ms IS NULL" }
        return try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM notices
                WHERE \(condition) AND (opened_ms, id) < (?, ?)
                ORDER BY opened_ms DESC, id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map { try stored($0, rows) }
    }

    private static func stored(_ row: Row, _ rows: any RowReader) throws -> StoredNotice {
        let id = try row.text("id")
        let content = try Declaration.SectionRow(decoding: try row.blob("content"))
        return StoredNotice(
            id: id, declarationID: try row.text("declaration_id"),
            owner: try row.text("unit_id"), content: content.values,
            openedMilliseconds: try row.integer("opened_ms"),
            openedDay: try row.text("opened_day"), untilDay: try row.text("until_day"),
            openedByName: try row.text("opened_by_name"),
            closedMilliseconds: try row.optionalInteger("closed_ms"),
            objections: try objections(of: id, rows))
    }

    /// Objections to the declaration's notice that runs, as far as nobody has resolved them.
    static func openObjections(
        of declaration: String, _ rows: any RowReader
    ) throws -> Int64 {
        try rows.row(
            Statement(
                """
                SELECT count(*) AS n FROM notices AS n JOIN objections AS o ON o.notice_id = n.id
                WHERE n.declaration_id = ? AND n.closed_ms IS NULL AND o.resolved_ms IS NULL
                """, [.text(declaration)]))?.integer("n") ?? 0
    }

    private static func objections(
        of notice: String, _ rows: any RowReader
    ) throws -> [Declaration.Objection] {
        try rows.rows(
            Statement(
                """
                SELECT id, text, recorded_ms, recorded_by_name, resolution, resolved_ms,
                    resolved_by_name
                FROM objections WHERE notice_id = ? ORDER BY recorded_ms, id
                """, [.text(notice)]), limit: mostObjections
        ).map { row in
            Declaration.Objection(
                id: try row.text("id"), text: try row.text("text"),
                recordedMs: try row.integer("recorded_ms"),
                recordedByName: try row.text("recorded_by_name"),
                resolution: try row.optionalText("resolution") ?? "",
                resolvedMs: try row.optionalInteger("resolved_ms") ?? 0,
                resolvedByName: try row.optionalText("resolved_by_name") ?? "")
        }
    }

    // MARK: writes

    static func insert(_ notice: StoredNotice) -> Statement {
        Statement(
            """
            INSERT INTO notices (id, declaration_id, unit_id, content, opened_ms, opened_day,
                until_day, opened_by_name)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(notice.id), .text(notice.declarationID), .text(notice.owner),
                .message(Declaration.SectionRow(values: notice.content)),
                .integer(notice.openedMilliseconds), .text(notice.openedDay),
                .text(notice.untilDay), .text(notice.openedByName),
            ])
    }

    static func insert(_ objection: Declaration.Objection, to notice: String) -> Statement {
        Statement(
            """
            INSERT INTO objections (id, notice_id, text, recorded_ms, recorded_by_name)
            VALUES (?, ?, ?, ?, ?)
            """,
            [
                .text(objection.id), .text(notice), .text(objection.text),
                .integer(objection.recordedMs), .text(objection.recordedByName),
            ])
    }

    static func resolve(_ objection: Declaration.Objection) -> Statement {
        Statement(
            """
            UPDATE objections SET resolution = ?, resolved_ms = ?, resolved_by_name = ?
            WHERE id = ? AND resolution IS NULL
            """,
            [
                .text(objection.resolution), .integer(objection.resolvedMs),
                .text(objection.resolvedByName), .text(objection.id),
            ], expectedChanges: 1)
    }

    /// The declaration's notice runs no more, if one did.
    static func close(of declaration: String, at now: Timestamp) -> Statement {
        Statement(
            "UPDATE notices SET closed_ms = ? WHERE declaration_id = ? AND closed_ms IS NULL",
            [.integer(now.milliseconds), .text(declaration)])
    }
}
