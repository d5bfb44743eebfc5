import Messages
import ServiceRuntime
import Storage

/// The SQL of what waits, as the owners announced it: a projection for reminders. Lists do not come from here (decision 15).
enum OpenTaskStore {
    /// What a change does to it; none for one that this version does not know.
    /// - Parameter at: of the change.
    static func follow(_ change: Tasks.TaskChange, atMilliseconds at: Int64) -> [Statement] {
        guard let task = change.task, let desk = change.desk else { return [] }
        switch change.kind {
        case .opened:
            return [
                Statement(
                    """
                    INSERT INTO open_tasks (task_id, desk_kind, desk_id, region, kind_label,
                        object_id, title, applicant_id, applicant_name, sort_ms, is_told)
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
            return [Statement("DELETE FROM open_tasks WHERE task_id = ?", [.text(task.id)])]
        default: return []
        }
    }
}
