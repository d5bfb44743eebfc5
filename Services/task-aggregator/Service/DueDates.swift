import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

/// 办理期限 (T7): what entered review on a day is due so many working days after it; the day itself is not counted (decision
/// 11). The manual names no term of its own, so all kinds share the deployment's. A task's never changes, as its sort key does
/// not.
struct DueDates: Sendable {
    /// 1 to ``WorkingDays/limit``.
    let workingDays: Int

    static let standard = DueDates(workingDays: 10)

    /// Nil when a calendar on the way is not known: it is not guessed.
    func day(ofEntering sort: Int64) -> CivilDay? {
        try? WorkingDays.day(
            after: CivilDay(Timestamp(milliseconds: sort)), workingDays: workingDays)
    }

    /// What entered before this time is overdue on that day; what entered later is not.
    /// - Throws: `failedPrecondition` when a calendar on the way is not known.
    func overdueBefore(_ today: CivilDay) throws(RPCError) -> Timestamp {
        var day = today
        do {
            // On the first day that is due by today nothing is overdue yet.
            while try WorkingDays.day(after: day, workingDays: workingDays) >= today {
                day = day.previous
            }
        } catch {
            throw RPCError(serviceError: Refusal.precondition(error.message))
        }
        return day.next.start
    }

    /// Rows that wait, with their terms.
    func dated(_ rows: [TaskRow], today: CivilDay) throws -> [TaskRow] {
        var rows = rows
        // Those that entered on one day stand together in a list, and share its term.
        var known: (entered: CivilDay, term: [UInt8])?
        for index in rows.indices {
            let sort = rows[index].place.sort
            let entered = CivilDay(Timestamp(milliseconds: sort))
            let term: [UInt8]
            if let known, known.entered == entered {
                term = known.term
            } else {
                term =
                    try day(ofEntering: sort).map { due in
                        try Tasks.Task(dueDay: "\(due)", overdue: due < today).encodedBytes()
                    } ?? []
                known = (entered, term)
            }
            rows[index].set(term)
        }
        return rows
    }
}
