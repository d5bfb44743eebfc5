import Messages
import Storage

/// A desk's counter row, or what is added to it. Only a unit's desk has views.
struct DeskCounts: Sendable, Equatable {
    /// The first five count declarations by view, the others decided rounds by outcome.
    enum Column: String, CaseIterable {
        case pending, unclaimed, reviewed, returned, total
        case roundsApproved = "rounds_approved"
        case roundsReturned = "rounds_returned"
        case roundsTerminated = "rounds_terminated"
        case roundsFailed = "rounds_failed"

        /// Where a decided round is counted.
        init(_ outcome: Common.Outcome) {
            self =
                switch outcome {
                case .approved: .roundsApproved
                case .returned: .roundsReturned
                case .failed: .roundsFailed
                default: .roundsTerminated
                }
        }
    }

    private var values: [Column: Int64] = [:]

    private init() {}

    subscript(column: Column) -> Int64 { values[column] ?? 0 }

    /// What one declaration counts for, by desk.
    private static func of(_ declaration: StoredDeclaration) -> [String: DeskCounts] {
        guard declaration.isVisibleToUnit else { return [:] }
        var unit = DeskCounts()
        unit.values[.total] = 1
        if declaration.wasReviewed { unit.values[.reviewed] = 1 }
        switch declaration.phase {
        case .unitPool:
            unit.values[.pending] = 1
            unit.values[.unclaimed] = 1
        case .unitReview, .unitPublicity: unit.values[.pending] = 1
        case .returnedToUnit: unit.values[.returned] = 1
        default: break
        }
        var counts = [declaration.unit.id: unit]
        if !declaration.phase.waitsForUnit, let desk = declaration.desk {
            var other = DeskCounts()
            other.values[.pending] = 1
            counts[desk] = other
        }
        return counts
    }

    /// Rounds that wait: a declaration that waits at a desk has one open round there.
    var tasks: Int64 { self[.pending] + self[.returned] }
    var processed: Int64 {
        self[.roundsApproved] + self[.roundsReturned] + self[.roundsTerminated]
            + self[.roundsFailed]
    }

    /// The sums over the desks.
    static func read(_ desks: Desks, _ rows: any RowReader) throws -> DeskCounts {
        let (condition, arguments) = desks.condition("desk")
        let sums = Column.allCases.map { "coalesce(sum(\($0.rawValue)), 0) AS \($0.rawValue)" }
        var counts = DeskCounts()
        let row = try rows.row(
            Statement(
                "SELECT \(sums.joined(separator: ", ")) FROM desk_counts WHERE \(condition)",
                arguments))
        guard let row else { return counts }
        for column in Column.allCases {
            counts.values[column] = try row.integer(column.rawValue)
        }
        guard let regions = desks.referrals else { return counts }
        // Those of units that were referred are few, and counted.
        for (outcome, rounds) in try RoundStore.referred(to: regions, rows) {
            counts.values[outcome.map(Column.init) ?? .pending, default: 0] += rounds
        }
        return counts
    }

    /// What a change of a declaration does to the counts of its desks.
    static func change(
        from before: StoredDeclaration, to after: StoredDeclaration
    ) -> [Statement] {
        let (old, new) = (of(before), of(after))
        return Set(old.keys).union(new.keys).sorted().flatMap { desk in
            (new[desk] ?? DeskCounts()).adding(old[desk] ?? DeskCounts(), to: desk, times: -1)
        }
    }

    /// A decided round of the desk is counted.
    static func decided(_ outcome: Common.Outcome, desk: String) -> [Statement] {
        var counts = DeskCounts()
        counts.values[Column(outcome)] = 1
        return counts.adding(DeskCounts(), to: desk)
    }

    /// Adds this and so many times the other to the desk's counter row.
    private func adding(
        _ other: DeskCounts, to desk: String, times sign: Int64 = 1
    ) -> [Statement] {
        let sums = Column.allCases.map { self[$0] + sign * other[$0] }
        guard sums.contains(where: { $0 != 0 }) else { return [] }
        let columns = Column.allCases.map(\.rawValue)
        return [
            // Made with noughts first: taking off then fails no check on the way.
            Statement(
                """
                INSERT INTO desk_counts (desk, \(columns.joined(separator: ", ")))
                VALUES (?\(String(repeating: ", 0", count: columns.count)))
                ON CONFLICT (desk) DO NOTHING
                """, [.text(desk)]),
            Statement(
                """
                UPDATE desk_counts SET
                    \(columns.map { "\($0) = \($0) + ?" }.joined(separator: ", "))
                WHERE desk = ?
                """, sums.map { .integer($0) } + [.text(desk)], expectedChanges: 1),
        ]
    }
}
