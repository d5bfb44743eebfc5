import Domain
import Messages
import ServiceRuntime
import Storage

/// One review round of a declaration at a desk: a task.
struct StoredRound: Sendable {
    let id: TaskID
    /// When the round entered review: the task's sort key for ever (decision 15).
    let enteredMilliseconds: Int64
    let decision: StoredDecision?
    let declaration: StoredDeclaration
}

/// The SQL of review rounds: rows in, statements out.
enum RoundStore {
    private static let roundColumns = """
        r.task_id AS task_id, r.entered_ms AS entered_ms, r.outcome AS outcome,
        r.opinion AS opinion, r.decision_id AS decision_id, r.decided_by AS decided_by,
        r.decided_by_name AS decided_by_name, r.decided_ms AS decided_ms
        """
    private static let columns = "\(roundColumns), \(DeclarationStore.columns)"
    private static let listColumns = "\(roundColumns), \(DeclarationStore.listColumns)"
    private static let listSource =
        "rounds AS r JOIN declarations AS d ON d.id = r.declaration_id"
    private static let source = "\(listSource) JOIN plans AS p ON p.id = d.plan_id"

    /// A round of these desks; nil for an unknown or foreign one.
    static func round(
        _ id: TaskID, at desks: Desks, _ rows: any RowReader
    ) throws -> StoredRound? {
        let (condition, arguments) = desks.condition(rounds: "r.")
        return try rows.row(
            Statement(
                "SELECT \(columns) FROM \(source) WHERE r.task_id = ? AND \(condition)",
                [.text(id.text)] + arguments)
        ).map(stored)
    }

    /// Whether a round of the declaration waits, or was decided, at these desks.
    static func isKnown(
        to desks: Desks, _ declaration: String, _ rows: any RowReader
    ) throws -> Bool {
        let (condition, arguments) = desks.condition(rounds: "")
        return try rows.row(
            Statement(
                """
                SELECT 1 AS found FROM rounds WHERE declaration_id = ? AND \(condition) LIMIT 1
                """, [.text(declaration)] + arguments)) != nil
    }

    /// Whether a round waits that was referred to one of the regions.
    static func isReferred(
        _ declaration: String, to regions: Jurisdiction, _ rows: any RowReader
    ) throws -> Bool {
        let (condition, arguments) = regions.condition("referred_to")
        return try rows.row(
            Statement(
                """
                SELECT 1 AS found FROM rounds
                WHERE declaration_id = ? AND outcome IS NULL AND \(condition) LIMIT 1
                """, [.text(declaration)] + arguments)) != nil
    }

    /// Rounds that were referred to the regions, by outcome; nil while they wait.
    static func referred(
        to regions: Jurisdiction, _ rows: any RowReader
    ) throws -> [Common.Outcome?: Int64] {
        let (condition, arguments) = regions.condition("referred_to")
        let found = try rows.rows(
            Statement(
                """
                SELECT outcome, count(*) AS n FROM rounds WHERE \(condition) GROUP BY outcome
                """, arguments), limit: 10)
        return try Dictionary(
            uniqueKeysWithValues: found.map { row in
                (
                    try row.optionalInteger("outcome").map {
                        Common.Outcome(rawValue: Int32($0))
                    }, try row.integer("n")
                )
            })
    }

    /// One page of the viewer's desks, newest first; one row more than the page's size when there is a next page. Of the
    /// declarations it has what a list of tasks shows.
    /// - Parameter entered: bounds of the time of entering, the end excluded.
    static func page(
        _ query: TaskQuery, entered: Range<Int64>, for viewer: Viewer, _ bounds: PageBounds,
        _ rows: any RowReader
    ) throws -> [StoredRound] {
        // Desk by desk, each in its index's order: SQLite would sort all that waits at all of them.
        var places = viewer.desks.names.map { Desks.one($0).condition("r.desk") }
        if let referrals = viewer.desks.referrals {
            places.append(referrals.condition("r.referred_to"))
        }
        let found = try places.flatMap { place in
            try page(query, entered: entered, for: viewer, at: place, bounds, rows)
        }
        guard places.count > 1 else { return found }
        let sorted = found.sorted {
            ($0.enteredMilliseconds, $0.id.text) > ($1.enteredMilliseconds, $1.id.text)
        }
        return Array(sorted.prefix(bounds.size + 1))
    }

    private static func page(
        _ query: TaskQuery, entered: Range<Int64>, for viewer: Viewer,
        at place: (sql: String, arguments: [Value]), _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredRound] {
        let (condition, arguments) = condition(query, entered: entered, for: viewer, at: place)
        return try rows.rows(
            Statement(
                """
                SELECT \(listColumns) FROM \(listSource)
                WHERE \(condition)
                    AND (r.entered_ms, r.task_id) < (?, ?)
                ORDER BY r.entered_ms DESC, r.task_id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map(stored)
    }

    private static func condition(
        _ query: TaskQuery, entered: Range<Int64>, for viewer: Viewer,
        at place: (sql: String, arguments: [Value])
    ) -> (sql: String, arguments: [Value]) {
        var (sql, arguments) = place
        sql += " AND r.outcome IS \(query.isPending ? "NULL" : "NOT NULL")"
        func narrow(_ condition: String, _ values: Value...) {
            sql += " AND \(condition)"
            arguments += values
        }
        if !query.applicant.isEmpty {
            narrow("replace(r.applicant_name, ?, '') <> r.applicant_name", .text(query.applicant))
        }
        if entered.lowerBound > .min || entered.upperBound < .max {
            narrow(
                "r.entered_ms >= ? AND r.entered_ms < ?", .integer(entered.lowerBound),
                .integer(entered.upperBound))
        }
        if let officer = query.decidedBy { narrow("r.decided_by = ?", .text(officer)) }
        switch query.claimedBy {
        case "": break
        case "none": narrow(viewer.isAlone ? "1 = 0" : "d.claimed_by IS NULL")
        case viewer.personID where viewer.isAlone:
            narrow("(d.claimed_by = ? OR d.claimed_by IS NULL)", .text(viewer.personID))
        default: narrow("d.claimed_by = ?", .text(query.claimedBy))
        }
        return (sql, arguments)
    }

    private static func stored(_ row: Row) throws -> StoredRound {
        guard let id = TaskID(try row.text("task_id")) else {
            preconditionFailure("a stored task id cannot be read")
        }
        return StoredRound(
            id: id, enteredMilliseconds: try row.integer("entered_ms"),
            decision: try StoredDecision(row),
            declaration: try DeclarationStore.stored(row))
    }

    // MARK: writes

    /// The declaration's current round enters review at the desk where the declaration waits.
    static func open(_ declaration: StoredDeclaration, at now: Timestamp) -> Statement {
        guard let desk = declaration.desk else {
            preconditionFailure("a round opens where the declaration waits")
        }
        return Statement(
            """
            INSERT INTO rounds (task_id, declaration_id, round, desk, applicant_name,
                entered_ms, referred_to)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(declaration.taskID.text), .text(declaration.id),
                .integer(declaration.round), .text(desk),
                .text(declaration.applicant.name), .integer(now.milliseconds),
                .text(declaration.phase.waitsForUnit ? declaration.applicant.referral : ""),
            ])
    }

    /// What waits at the unit of its only officer is the region's superior's too (I10).
    static func refer(_ key: [UInt8], unit: String, to region: String) -> Statement {
        Statement(
            """
            UPDATE rounds SET referred_to = ?
            WHERE desk = ? AND outcome IS NULL AND declaration_id IN (
                SELECT id FROM declarations WHERE person_key = ? AND in_flight = 1)
            """, [.text(region), .text(unit), .blob(key)])
    }

    /// The open round ends without a decision: it is a task no more.
    static func close(_ id: TaskID) -> Statement {
        Statement(
            "DELETE FROM rounds WHERE task_id = ? AND outcome IS NULL", [.text(id.text)],
            expectedChanges: 1)
    }

    /// The open round gets its decision, and is counted by it.
    static func decide(
        _ id: TaskID, desk: String, _ decision: StoredDecision
    ) -> [Statement] {
        [
            Statement(
                """
                UPDATE rounds SET \(StoredDecision.assignments)
                WHERE task_id = ? AND outcome IS NULL
                """, decision.values + [.text(id.text)], expectedChanges: 1)
        ] + DeskCounts.decided(decision.outcome, desk: desk)
    }
}
