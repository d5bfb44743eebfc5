import Domain
import Messages
import ServiceRuntime
import Storage

/// A task that waits, as its owner announced it.
struct OpenTask: Sendable, Hashable {
    let taskID: String
    let desk: Tasks.Mailbox
    /// Of the applicant's unit; "" where the owner does not say.
    let region: String
    let kindLabel: String
    let objectID: String
    let title: String
    let applicantID: String
    let applicantName: String
    let sortMilliseconds: Int64
}

/// The SQL of what waits: a projection for reminders, made of what the owners announce. Lists do not come from here
/// (decision 15).
enum OpenTaskStore {
    private static let columns = """
        task_id, desk_kind, desk_id, region, kind_label, object_id, title, applicant_id,
        applicant_name, sort_ms
        """

    // MARK: reads

    static func task(_ id: String, _ rows: any RowReader) throws -> OpenTask? {
        try rows.row(
            Statement("SELECT \(columns) FROM open_tasks WHERE task_id = ?", [.text(id)])
        ).map(stored)
    }

    /// The day of the task's last reminder; "" for none.
    static func remindedDay(_ id: String, _ rows: any RowReader) throws -> String {
        try rows.row(
            Statement("SELECT day FROM reminders WHERE task_id = ?", [.text(id)])
        )?.text("day") ?? ""
    }

    /// What entered review before the time, and whose desk was not told yet: the oldest first.
    /// - Parameter desk: nil for all.
    static func untold(
        before: Timestamp, of desk: Tasks.Mailbox?, limit: Int, _ rows: any RowReader
    ) throws -> [OpenTask] {
        let (condition, arguments) = untold(before, desk)
        return try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM open_tasks WHERE \(condition)
                ORDER BY sort_ms, task_id LIMIT ?
                """, arguments + [.integer(Int64(limit))]), limit: limit
        ).map(stored)
    }

    static func countUntold(
        before: Timestamp, of desk: Tasks.Mailbox, _ rows: any RowReader
    ) throws -> Int64 {
        let (condition, arguments) = untold(before, desk)
        return try rows.row(
            Statement("SELECT count(*) AS n FROM open_tasks WHERE \(condition)", arguments)
        )?.integer("n") ?? 0
    }

    private static func untold(
        _ before: Timestamp, _ desk: Tasks.Mailbox?
    ) -> (sql: String, [Value]) {
        let overdue = "is_told = 0 AND sort_ms < ?"
        guard let desk else { return (overdue, [.integer(before.milliseconds)]) }
        return (
            overdue + " AND desk_kind = ? AND desk_id = ?",
            [
                .integer(before.milliseconds), .integer(Int64(desk.kind.rawValue)),
                .text(desk.id),
            ]
        )
    }

    private static func stored(_ row: Row) throws -> OpenTask {
        OpenTask(
            taskID: try row.text("task_id"),
            desk: Tasks.Mailbox(
                kind: Tasks.MailboxKind(
                    rawValue: Int32(truncatingIfNeeded: try row.integer("desk_kind"))),
                id: try row.text("desk_id")),
            region: try row.text("region"), kindLabel: try row.text("kind_label"),
            objectID: try row.text("object_id"), title: try row.text("title"),
            applicantID: try row.text("applicant_id"),
            applicantName: try row.text("applicant_name"),
            sortMilliseconds: try row.integer("sort_ms"))
    }

    // MARK: writes

    /// What a change does to it; none for one that this version does not know.
    /// - Parameter at: of the change.
    static func follow(_ change: Tasks.TaskChange, atMilliseconds at: Int64) -> [Statement] {
        guard let task = change.task, let desk = change.desk else { return [] }
        switch change.kind {
        case .opened:
            return [
                Statement(
                    """
                    INSERT INTO open_tasks (\(columns), is_told)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (task_id) DO NOTHING
                    """,
                    [
                        .text(task.id), .integer(Int64(desk.kind.rawValue)), .text(desk.id),
                        .text(change.region), .text(task.kindLabel), .text(task.objectID),
                        .text(task.title), .text(task.applicantID), .text(task.applicantName),
                        .integer(task.sortMs == 0 ? at : task.sortMs),
                    ])
            ]
        case .closed:
            return ["open_tasks", "reminders"].map {
                Statement("DELETE FROM \($0) WHERE task_id = ?", [.text(task.id)])
            }
        default: return []
        }
    }

    /// The task's desk was reminded.
    static func remind(_ id: String, on today: CivilDay) -> Statement {
        Statement(
            """
            INSERT INTO reminders (task_id, day) VALUES (?, ?)
            ON CONFLICT (task_id) DO UPDATE SET day = excluded.day
            """, [.text(id), .text("\(today)")])
    }

    /// The desk knows of all that entered before the time.
    static func tell(before: Timestamp, of desk: Tasks.Mailbox) -> Statement {
        let (condition, arguments) = untold(before, desk)
        return Statement("UPDATE open_tasks SET is_told = 1 WHERE \(condition)", arguments)
    }
}
