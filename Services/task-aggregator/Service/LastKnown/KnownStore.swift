import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// The SQL of last known rows and counts.
enum KnownStore {
    /// Rows that are kept of a source and view of a unit: the newest.
    static let mostRows = 200

    // MARK: reads

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
                    AND sort_ms <= ? AND (sort_ms < ? OR task_id < ?)
                ORDER BY sort_ms DESC, task_id DESC LIMIT ?
                """,
                scope(source, view) + below(bounds.start) + [.integer(Int64(mostRows))]),
            limit: mostRows
        ).map { try Tasks.Task(decoding: $0.blob("body")) }.filter(query.matches)
        var page = Array(found.prefix(bounds.size))
        for index in page.indices { page[index].stale = true }
        return TaskPage(rows: page, end: found.count > page.count ? page.last?.place : nil)
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
                    AND sort_ms <= ? AND (sort_ms < ? OR task_id < ?)
                    AND (sort_ms > ? OR (sort_ms = ? AND task_id >= ?))
                """,
                scope(source, view) + below(start) + [
                    .integer(last.sort), .integer(last.sort), .text(last.id),
                ]), limit: mostRows)
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

    private static func below(_ place: PageCursor) -> [Value] {
        [.integer(place.sort), .integer(place.sort), .text(place.id)]
    }

    // MARK: writes

    /// The row of a task. One that is decided never waits again, whatever a late page says.
    static func keep(
        _ task: Tasks.Task, _ body: [UInt8], of source: String, in view: KnownView
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
                .text(view.unit), .text(task.id), .text(source),
                .integer(view.isPending ? 1 : 0), .integer(task.sortMs), .blob(body),
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
