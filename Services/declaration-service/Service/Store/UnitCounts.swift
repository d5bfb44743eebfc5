import Messages
import Storage

/// A unit's counter row, or what is added to it.
struct UnitCounts: Sendable {
    /// The first five count declarations by view, the last three decided rounds by outcome.
    enum Column: String, CaseIterable {
        case pending, unclaimed, reviewed, returned, total
        case roundsApproved = "rounds_approved"
        case roundsReturned = "rounds_returned"
        case roundsTerminated = "rounds_terminated"
    }

    private var values: [Column: Int64] = [:]

    private init() {}

    subscript(column: Column) -> Int64 { values[column] ?? 0 }

    /// What one declaration counts for.
    private init(of declaration: StoredDeclaration) {
        guard declaration.isVisibleToUnit else { return }
        values[.total] = 1
        if declaration.wasReviewed { values[.reviewed] = 1 }
        switch declaration.phase {
        case .unitPool:
            values[.pending] = 1
            values[.unclaimed] = 1
        case .unitReview, .unitPublicity: values[.pending] = 1
        case .returnedToUnit: values[.returned] = 1
        default: break
        }
    }

    /// Rounds that wait for the unit: a declaration that does so has one open round.
    var tasks: Int64 { self[.pending] + self[.returned] }
    var processed: Int64 {
        self[.roundsApproved] + self[.roundsReturned] + self[.roundsTerminated]
    }

    static func read(unit: String, _ rows: any RowReader) throws -> UnitCounts {
        let columns = Column.allCases.map(\.rawValue).joined(separator: ", ")
        var counts = UnitCounts()
        let row = try rows.row(
            Statement("SELECT \(columns) FROM unit_counts WHERE unit_id = ?", [.text(unit)]))
        guard let row else { return counts }
        for column in Column.allCases {
            counts.values[column] = try row.integer(column.rawValue)
        }
        return counts
    }

    /// What a change of a declaration does to the counts of its unit, or of both when it changed unit.
    static func change(
        from before: StoredDeclaration, to after: StoredDeclaration
    ) -> [Statement] {
        let (old, new) = (UnitCounts(of: before), UnitCounts(of: after))
        guard before.unit.id == after.unit.id else {
            return UnitCounts().adding(old, to: before.unit.id, times: -1)
                + UnitCounts().adding(new, to: after.unit.id)
        }
        return new.adding(old, to: after.unit.id, times: -1)
    }

    /// A decided round of the unit is counted.
    static func decided(_ outcome: Common.Outcome, unit: String) -> [Statement] {
        var counts = UnitCounts()
        switch outcome {
        case .approved: counts.values[.roundsApproved] = 1
        case .returned: counts.values[.roundsReturned] = 1
        default: counts.values[.roundsTerminated] = 1
        }
        return counts.adding(UnitCounts(), to: unit)
    }

    /// Adds this and so many times the other to the unit's counter row.
    private func adding(
        _ other: UnitCounts, to unit: String, times sign: Int64 = 1
    ) -> [Statement] {
        let sums = Column.allCases.map { self[$0] + sign * other[$0] }
        guard sums.contains(where: { $0 != 0 }) else { return [] }
        let columns = Column.allCases.map(\.rawValue)
        return [
            // Made with noughts first: taking off then fails no check on the way.
            Statement(
                """
                INSERT INTO unit_counts (unit_id, \(columns.joined(separator: ", ")))
                VALUES (?, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT (unit_id) DO NOTHING
                """, [.text(unit)]),
            Statement(
                """
                UPDATE unit_counts SET
                    \(columns.map { "\($0) = \($0) + ?" }.joined(separator: ", "))
                WHERE unit_id = ?
                """, sums.map { .integer($0) } + [.text(unit)], expectedChanges: 1),
        ]
    }
}
