import ServiceRuntime
import Storage

/// What a task list is narrowed by: one condition for every table of tasks.
struct TaskFilter: Sendable {
    let side: ReviewSide
    let isPending: Bool
    /// A part of the applicant's name; "" for all.
    var applicant = ""
    /// Bounds of the time of entering, the end excluded.
    var entered: Range<Int64> = .min..<Int64.max
    /// The person id of who decided; nil for the whole unit.
    var decidedBy: String?

    /// One page, newest first; one row more than the page's size when there is a next page.
    /// The cursor's id may be another source's task: ids are compared as plain text.
    /// - Parameter pending: what makes a row of the table a pending one.
    func page(
        of table: String, columns: String, pending: String, _ bounds: PageBounds
    ) -> Statement {
        var (owned, arguments) = side.condition
        owned += " AND \(isPending ? pending : "outcome IS NOT NULL")"
        var sql = "SELECT \(columns) FROM \(table) WHERE \(owned)"
        if !applicant.isEmpty {
            sql += " AND replace(applicant_name, ?, '') <> applicant_name"
            arguments.append(.text(applicant))
        }
        if entered != .min..<Int64.max {
            sql += " AND entered_ms >= ? AND entered_ms < ?"
            arguments += [.integer(entered.lowerBound), .integer(entered.upperBound)]
        }
        if let decidedBy {
            sql += " AND decided_by = ?"
            arguments.append(.text(decidedBy))
        }
        sql += """
             AND (entered_ms, task_id) < (?, ?)
            ORDER BY entered_ms DESC, task_id DESC LIMIT ?
            """
        return Statement(sql, arguments + bounds.arguments)
    }
}
