import Domain
import Messages
import ServiceRuntime
import Storage

/// "identity:<registration>:<round>".
extension TaskID {
    static let source = "identity"

    init(registration: String, round: Int64) {
        self.init(source: Self.source, object: registration, round: round)
    }

    /// Nil when the text is no task of this source.
    init?(_ text: String) { self.init(text, of: Self.source) }
}

/// One review round of a registration: a task of the unit that it was submitted to.
struct StoredRound: Sendable {
    let id: TaskID
    let unitID: String
    let personID: String
    /// The person's name when the round began.
    let name: String
    /// When the round entered review: the task's sort key for ever.
    let enteredMilliseconds: Int64
    /// The registration's version to decide on.
    let version: Int64
    let decision: StoredDecision?
    /// The region whose superior may decide as well; "" for none.
    let referredTo: String
}

/// How many rounds of a unit wait, and how the others ended.
struct ReviewCounts: Sendable, Hashable {
    var pending: Int64 = 0
    var approved: Int64 = 0
    var returned: Int64 = 0

    var processed: Int64 { approved + returned }
}

/// The SQL of review rounds and their counters: rows in, statements out.
enum ReviewStore {
    private static let columns = """
        task_id, unit_id, person_id, name, entered_ms, version, referred_to,
        \(StoredDecision.columns)
        """

    /// The side's round; nil for an unknown or foreign one.
    static func round(
        _ id: TaskID, _ side: ReviewSide, _ rows: any RowReader
    ) throws -> StoredRound? {
        let (condition, arguments) = side.condition
        return try rows.row(
            Statement(
                "SELECT \(columns) FROM review_rounds WHERE task_id = ? AND \(condition)",
                [.text(id.text)] + arguments)
        ).map(stored)
    }

    /// What a task list is narrowed by.
    struct Filter: Sendable {
        let side: ReviewSide
        let isPending: Bool
        /// A part of the applicant's name; "" for all.
        var applicant = ""
        /// Bounds of the time of entering, the end excluded.
        var entered: Range<Int64> = .min..<Int64.max
        /// The person id of who decided; nil for the whole unit.
        var decidedBy: String?

        var condition: (sql: String, arguments: [Value]) {
            var (sql, arguments) = side.condition
            sql += " AND outcome IS \(isPending ? "NULL" : "NOT NULL")"
            if !applicant.isEmpty {
                sql += " AND replace(name, ?, '') <> name"
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
            return (sql, arguments)
        }
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        _ filter: Filter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredRound] {
        let (condition, arguments) = filter.condition
        return try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM review_rounds
                WHERE \(condition) AND (entered_ms, task_id) < (?, ?)
                ORDER BY entered_ms DESC, task_id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map(stored)
    }

    /// A unit's are counters; what was referred is little, and counted.
    static func counts(_ side: ReviewSide, _ rows: any RowReader) throws -> ReviewCounts {
        let (condition, arguments) = side.condition
        let sql =
            switch side {
            case .unit: "SELECT pending, approved, returned FROM review_counts WHERE \(condition)"
            case .superior:
                """
                SELECT count(*) - count(outcome) AS pending,
                    count(CASE WHEN outcome = 1 THEN 1 END) AS approved,
                    count(CASE WHEN outcome = 2 THEN 1 END) AS returned
                FROM review_rounds WHERE \(condition)
                """
            }
        return try rows.row(Statement(sql, arguments)).map { row in
            ReviewCounts(
                pending: try row.integer("pending"), approved: try row.integer("approved"),
                returned: try row.integer("returned"))
        } ?? ReviewCounts()
    }

    private static func stored(_ row: Row) throws -> StoredRound {
        guard let id = TaskID(try row.text("task_id")) else {
            preconditionFailure("a stored task id cannot be read")
        }
        return StoredRound(
            id: id, unitID: try row.text("unit_id"), personID: try row.text("person_id"),
            name: try row.text("name"), enteredMilliseconds: try row.integer("entered_ms"),
            version: try row.integer("version"), decision: try StoredDecision(row),
            referredTo: try row.text("referred_to"))
    }

    // MARK: writes

    /// The registration's current round enters review, and is counted.
    /// - Parameter region: whose superior may decide as well; "" for none.
    static func open(
        _ registration: StoredRegistration, referredTo region: String, at now: Timestamp
    ) -> [Statement] {
        [
            Statement(
                """
                INSERT INTO review_rounds
                    (task_id, registration_id, round, unit_id, person_id, name, entered_ms,
                     version, referred_to)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(registration.taskID), .text(registration.id),
                    .integer(registration.round), .text(registration.unitID),
                    .text(registration.personID), .text(registration.form.name),
                    .integer(now.milliseconds), .integer(registration.version),
                    .text(region),
                ]),
            Statement(
                """
                INSERT INTO review_counts (unit_id, pending, approved, returned)
                VALUES (?, 1, 0, 0)
                ON CONFLICT (unit_id) DO UPDATE SET pending = review_counts.pending + 1
                """, [.text(registration.unitID)]),
        ]
    }

    /// What waits of the unit's only officer is the superior's too (I10).
    /// - Parameter soleKey: of the officer; nil when the unit has others, or it is not known.
    static func refer(_ soleKey: [UInt8]?, _ unit: StoredUnit) -> [Statement] {
        guard let soleKey else { return [] }
        return [
            Statement(
                "UPDATE review_rounds SET referred_to = ? WHERE \(waitingOf)",
                [.text(unit.details.region), .text(unit.id), .blob(soleKey)])
        ]
    }

    /// How much of the unit's only officer waits there that the superior does not have yet: at most one registration.
    static func waiting(
        of soleKey: [UInt8]?, _ unit: StoredUnit, _ rows: any RowReader
    ) throws -> Int64 {
        guard let soleKey else { return 0 }
        return try rows.row(
            Statement(
                """
                SELECT count(*) AS n FROM review_rounds
                WHERE referred_to <> ? AND \(waitingOf)
                """, [.text(unit.details.region), .text(unit.id), .blob(soleKey)])
        )?.integer("n") ?? 0
    }

    private static let waitingOf = """
        unit_id = ? AND outcome IS NULL
        AND person_id IN (SELECT id FROM persons WHERE id_index = ? AND kind = 'applicant')
        """

    /// The registration's open round is taken back, with its task.
    static func close(_ registration: StoredRegistration) -> [Statement] {
        [
            Statement(
                "DELETE FROM review_rounds WHERE task_id = ? AND outcome IS NULL",
                [.text(registration.taskID)], expectedChanges: 1),
            Statement(
                "UPDATE review_counts SET pending = pending - 1 WHERE unit_id = ?",
                [.text(registration.unitID)], expectedChanges: 1),
        ]
    }

    /// The open round gets its decision, and moves from one count to the other.
    static func decide(_ round: StoredRound, _ decision: StoredDecision) -> [Statement] {
        let approved: Int64 = decision.outcome == .approved ? 1 : 0
        return [
            Statement(
                """
                UPDATE review_rounds SET \(StoredDecision.assignments)
                WHERE task_id = ? AND outcome IS NULL
                """, decision.values + [.text(round.id.text)], expectedChanges: 1),
            Statement(
                """
                UPDATE review_counts SET pending = pending - 1, approved = approved + ?,
                    returned = returned + ?
                WHERE unit_id = ?
                """,
                [.integer(approved), .integer(1 - approved), .text(round.unitID)],
                expectedChanges: 1),
        ]
    }

    /// What the unit decided is the other's; nothing waits at it.
    static func move(_ unit: String, to other: String) -> [Statement] {
        [ApplyMerge.Place("review_rounds", where: "outcome IS NOT NULL").move(unit, to: other)]
            + ApplyMerge.add(
                "review_counts", sums: ["pending", "approved", "returned"], of: unit, to: other)
    }
}
