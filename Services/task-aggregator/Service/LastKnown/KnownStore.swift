import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// The SQL of last known rows and counts.
enum KnownStore {
    /// Rows that are kept of a source and view of a unit: the newest.
    static let mostRows = 200
    /// How many days last known rows of a unit stay when nobody looks at its lists.
    static let mostDays = 30

    // MARK: reads

    /// The day on which anything of the unit was last seen; "" for none.
    static func seenDay(of unit: String, _ rows: any RowReader) throws -> String {
        try rows.row(
            Statement("SELECT seen_day FROM known_units WHERE unit_id = ?", [.text(unit)])
        )?.text("seen_day") ?? ""
    }

    /// Units of which nothing was seen since the day.
    static func unseen(
        since day: CivilDay, limit: Int, _ rows: any RowReader
    ) throws -> [String] {
        try rows.rows(
            Statement(
                "SELECT unit_id FROM known_units WHERE seen_day < ? LIMIT ?",
                [.text("\(day)"), .integer(Int64(limit))]), limit: limit
        ).map { try $0.text("unit_id") }
    }

    /// The last known rows below the page's start that match, marked stale; paged as the source
    /// would.
    static func page(
        of source: String, in view: KnownView, _ query: TaskQuery, _ bounds: PageBounds,
        _ rows: any RowReader
    ) throws -> TaskPage {
        let found = try rows.rows(
            Statement(
                """
                SELECT body FROM known_tasks
                WHERE unit_id = ? AND source = ? AND is_pending = ?
                    AND (sort_ms, task_id) < (?, ?)
                ORDER BY sort_ms DESC, task_id DESC LIMIT ?
                """,
                scope(source, view) + place(bounds.start) + [.integer(Int64(mostRows))]),
            limit: mostRows
        ).compactMap { row in
            let body = try row.blob("body")
            // A row that its source packed wrongly is nobody else's trouble.
            return try? Tasks.Task(decoding: body)
        }.filter(query.matches)
        let page = try found.prefix(bounds.size).map { task in
            var task = task
            task.stale = true
            return try TaskRow(task)
        }
        return TaskPage(rows: page, end: found.count > page.count ? page.last?.place : nil)
    }

    /// The place of the oldest row when all that are kept are there; nil while there are fewer.
    static func horizon(
        of source: String, in view: KnownView, _ rows: any RowReader
    ) throws -> PageCursor? {
        try rows.row(
            Statement(
                """
                SELECT sort_ms, task_id FROM known_tasks
                WHERE unit_id = ? AND source = ? AND is_pending = ?
                ORDER BY sort_ms DESC, task_id DESC LIMIT 1 OFFSET ?
                """, scope(source, view) + [.integer(Int64(mostRows - 1))])
        ).map { PageCursor(sort: try $0.integer("sort_ms"), id: try $0.text("task_id")) }
    }

    /// The packed rows from below `start` down to `end`, nil for all of them, by task id.
    static func bodies(
        of source: String, in view: KnownView, from start: PageCursor, to end: PageCursor?,
        _ rows: any RowReader
    ) throws -> [String: [UInt8]] {
        let last = end ?? PageCursor(sort: .min, id: "")
        let found = try rows.rows(
            Statement(
                """
                SELECT task_id, body FROM known_tasks
                WHERE unit_id = ? AND source = ? AND is_pending = ?
                    AND (sort_ms, task_id) < (?, ?)
                    AND (sort_ms, task_id) >= (?, ?)
                """,
                scope(source, view) + place(start) + place(last)), limit: mostRows)
        var bodies: [String: [UInt8]] = [:]
        for row in found { bodies[try row.text("task_id")] = try row.blob("body") }
        return bodies
    }

    static func counts(
        of source: String, unit: String, view: Tasks.TaskView, _ rows: any RowReader
    ) throws -> Tasks.CountTasksReply? {
        try rows.row(
            Statement(
                "SELECT body FROM known_counts WHERE unit_id = ? AND source = ? AND view = ?",
                [.text(unit), .text(source), .integer(Int64(view.rawValue))])
        ).map { try Tasks.CountTasksReply(decoding: $0.blob("body")) }
    }

    private static func scope(_ source: String, _ view: KnownView) -> [Value] {
        [.text(view.unit), .text(source), .integer(view.isPending ? 1 : 0)]
    }

    private static func place(_ place: PageCursor) -> [Value] {
        [.integer(place.sort), .text(place.id)]
    }

    // MARK: writes

    /// Something of the unit was seen on the day.
    static func saw(_ unit: String, on day: CivilDay) -> Statement {
        Statement(
            """
            INSERT INTO known_units (unit_id, seen_day) VALUES (?, ?)
            ON CONFLICT (unit_id) DO UPDATE SET seen_day = excluded.seen_day
            """, [.text(unit), .text("\(day)")])
    }

    /// Nothing of the unit is known any more.
    static func forget(unit: String) -> [Statement] {
        ["known_tasks", "known_counts", "known_units"].map {
            Statement("DELETE FROM \($0) WHERE unit_id = ?", [.text(unit)])
        }
    }

    /// The row of a task. One that is decided never waits again, whatever a late page says.
    static func keep(
        _ row: TaskRow, of source: String, in view: KnownView
    ) -> Statement {
        Statement(
            """
            INSERT INTO known_tasks (unit_id, task_id, source, is_pending, sort_ms, body)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (unit_id, task_id) DO UPDATE
            SET is_pending = excluded.is_pending, sort_ms = excluded.sort_ms, body = excluded.body
            WHERE excluded.is_pending = 0 OR known_tasks.is_pending = 1
            """,
            [
                .text(view.unit), .text(row.place.id), .text(source),
                .integer(view.isPending ? 1 : 0), .integer(row.place.sort), .blob(row.body),
            ])
    }

    /// The task is not in the view any more.
    static func forget(_ taskID: String, in view: KnownView) -> Statement {
        Statement(
            "DELETE FROM known_tasks WHERE unit_id = ? AND task_id = ? AND is_pending = ?",
            [.text(view.unit), .text(taskID), .integer(view.isPending ? 1 : 0)])
    }

    /// Only the newest rows stay.
    static func trim(_ source: String, _ view: KnownView) -> Statement {
        Statement(
            """
            DELETE FROM known_tasks WHERE unit_id = ? AND task_id IN (
                SELECT task_id FROM known_tasks
                WHERE unit_id = ? AND source = ? AND is_pending = ?
                ORDER BY sort_ms DESC, task_id DESC LIMIT ? OFFSET ?)
            """,
            [.text(view.unit)] + scope(source, view) + [
                .integer(Int64(mostRows)), .integer(Int64(mostRows)),
            ])
    }

    static func keep(
        _ body: [UInt8], of source: String, unit: String, view: Tasks.TaskView
    ) -> Statement {
        Statement(
            """
            INSERT INTO known_counts (unit_id, source, view, body) VALUES (?, ?, ?, ?)
            ON CONFLICT (unit_id, source, view) DO UPDATE SET body = excluded.body
            """,
            [.text(unit), .text(source), .integer(Int64(view.rawValue)), .blob(body)])
    }
}
