import Messages
import ServiceRuntime

extension Tasks.Task {
    /// Its place in every list that it is on.
    var place: PageCursor { PageCursor(sort: sortMs, id: id) }
}

extension PageCursor {
    /// Whether it comes before the other: newest first, ids compared byte for byte as databases do.
    func precedes(_ other: PageCursor) -> Bool {
        sort == other.sort
            ? other.id.utf8.lexicographicallyPrecedes(id.utf8) : sort > other.sort
    }
}

/// An answer that breaks the contract of `TaskSource`: believed, it would lose or double rows for
/// everybody.
struct BadAnswer: Error {
    /// For the log; names no row.
    let reason: String
}

/// What one source has below a place.
struct TaskPage: Sendable, Hashable {
    /// Newest first.
    let rows: [TaskRow]
    /// The last place that the page tells of; nil when the source has nothing below it.
    let end: PageCursor?

    init(rows: [TaskRow], end: PageCursor?) {
        self.rows = rows
        self.end = end
    }

    /// Reads a source's answer to a request for the page.
    /// - Throws: when it is out of order, out of bounds, another source's, or would not end.
    init(
        _ reply: TaskRows, of source: String, within bounds: PageBounds
    ) throws(BadAnswer) {
        guard reply.tasks.count <= bounds.size else {
            throw BadAnswer(reason: "\(reply.tasks.count) rows, asked for \(bounds.size)")
        }
        var last = bounds.start
        for task in reply.tasks {
            guard TaskSources.source(of: task.place.id) == source else {
                throw BadAnswer(reason: "a task that is not its own")
            }
            guard last.precedes(task.place) else {
                throw BadAnswer(reason: "rows out of order")
            }
            last = task.place
        }
        rows = reply.tasks
        if reply.nextCursor.isEmpty {
            end = nil
        } else {
            // Not above a row that was told, and below where the page began: so paging goes on.
            guard let next = PageCursor(reply.nextCursor), !next.precedes(last),
                bounds.start.precedes(next)
            else { throw BadAnswer(reason: "a cursor that leads back") }
            end = next
        }
    }

    /// One page of the union of the sources' pages, all of them asked with the same bounds.
    ///
    /// Nothing is left out: no row is taken from below the end of a source's page that goes on, for
    /// that source may have rows in between. A source that fills its pages is never in the way.
    static func merged(_ pages: [TaskPage], size: Int) -> TaskPage {
        let horizon = pages.compactMap(\.end).reduce(nil) { (first: PageCursor?, end) in
            first.map { $0.precedes(end) ? $0 : end } ?? end
        }
        var heads = Array(repeating: 0, count: pages.count)
        var rows: [TaskRow] = []
        rows.reserveCapacity(size)
        func newest() -> Int? {
            var best: Int?
            for (index, page) in pages.enumerated() where heads[index] < page.rows.count {
                guard let other = best else {
                    best = index
                    continue
                }
                if page.rows[heads[index]].place.precedes(pages[other].rows[heads[other]].place) {
                    best = index
                }
            }
            return best
        }
        while rows.count < size, let index = newest() {
            let row = pages[index].rows[heads[index]]
            if let horizon, horizon.precedes(row.place) { break }
            rows.append(row)
            heads[index] += 1
        }
        let isAll = horizon == nil && newest() == nil
        let end = rows.count == size ? rows.last?.place : horizon
        return TaskPage(rows: rows, end: isAll ? nil : end)
    }
}

extension TaskQuery {
    /// Whether a task of the view is wanted: what the sources do in SQL.
    func matches(_ task: Tasks.Task) -> Bool {
        guard let entered, entered.contains(task.sortMs),
            kinds.isEmpty || kinds.contains(task.kind),
            applicant.isEmpty || task.applicantName.contains(applicant)
        else { return false }
        switch claimedBy {
        case "": break
        case "none": guard task.claimedBy.isEmpty else { return false }
        default: guard task.claimedBy == claimedBy else { return false }
        }
        return decidedBy.map { $0 == task.decidedBy } ?? true
    }

    /// Whether it asks for the whole view.
    var isUnfiltered: Bool {
        kinds.isEmpty && applicant.isEmpty && claimedBy.isEmpty && decidedBy == nil
            && entered == .min ..< .max
    }
}
