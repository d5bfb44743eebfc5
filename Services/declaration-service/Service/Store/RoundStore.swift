import Domain
import Messages
import ServiceRuntime
import Storage

/// One review round of a declaration at a desk: a task.
struct StoredRound: Sendable {
    let id: TaskID
    /// When the round entered review: the task's sort key for ever (decision 15).
    let enteredMilliseconds: Int64
    let decision: Decision?
    let declaration: StoredDeclaration

    struct Decision: Sendable, Hashable {
        let id: String
        let outcome: Common.Outcome
        let opinion: String
        let officerID: String
        let officerName: String
        let atMilliseconds: Int64
    }
}

/// The SQL of review rounds: rows in, statements out.
enum RoundStore {
    private static let columns = """
        r.task_id AS task_id, r.entered_ms AS entered_ms, r.outcome AS outcome,
        r.opinion AS opinion, r.decision_id AS decision_id, r.decided_by AS decided_by,
        r.decided_by_name AS decided_by_name, r.decided_ms AS decided_ms,
        \(DeclarationStore.columns)
        """
    private static let source =
        "rounds AS r JOIN declarations AS d ON d.id = r.declaration_id"
        + " JOIN plans AS p ON p.id = d.plan_id"

    /// A round of these desks; nil for an unknown or foreign one.
    static func round(
        _ id: TaskID, at desks: Desks, _ rows: any RowReader
    ) throws -> StoredRound? {
        let (condition, arguments) = desks.condition("r.desk")
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
        let (condition, arguments) = desks.condition("desk")
        return try rows.row(
            Statement(
                """
                SELECT 1 AS found FROM rounds WHERE declaration_id = ? AND \(condition) LIMIT 1
                """, [.text(declaration)] + arguments)) != nil
    }

    /// One page of the viewer's desks, newest first; one row more than the page's size when there is a next page.
    /// - Parameter entered: bounds of the time of entering, the end excluded.
    static func page(
        _ query: TaskQuery, entered: Range<Int64>, for viewer: Viewer, _ bounds: PageBounds,
        _ rows: any RowReader
    ) throws -> [StoredRound] {
        // Desk by desk, each in its index's order: SQLite would sort all that waits at all of them.
        let found = try viewer.desks.names.flatMap { desk in
            try page(query, entered: entered, for: viewer, at: .one(desk), bounds, rows)
        }
        guard viewer.desks.names.count > 1 else { return found }
        let sorted = found.sorted {
            ($0.enteredMilliseconds, $0.id.text) > ($1.enteredMilliseconds, $1.id.text)
        }
        return Array(sorted.prefix(bounds.size + 1))
    }

    private static func page(
        _ query: TaskQuery, entered: Range<Int64>, for viewer: Viewer, at desks: Desks,
        _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredRound] {
        let (condition, arguments) = condition(query, entered: entered, for: viewer, at: desks)
        return try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM \(source)
                WHERE \(condition)
                    AND r.entered_ms <= ? AND (r.entered_ms < ? OR r.task_id < ?)
                ORDER BY r.entered_ms DESC, r.task_id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map(stored)
    }

    private static func condition(
        _ query: TaskQuery, entered: Range<Int64>, for viewer: Viewer, at desks: Desks
    ) -> (sql: String, arguments: [Value]) {
        var (sql, arguments) = desks.condition("r.desk")
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
        let decision: StoredRound.Decision? = try row.optionalInteger("outcome").map { outcome in
            StoredRound.Decision(
                id: try row.text("decision_id"),
                outcome: Common.Outcome(rawValue: Int32(outcome)),
                opinion: try row.text("opinion"), officerID: try row.text("decided_by"),
                officerName: try row.text("decided_by_name"),
                atMilliseconds: try row.integer("decided_ms"))
        }
        return StoredRound(
            id: id, enteredMilliseconds: try row.integer("entered_ms"), decision: decision,
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
                entered_ms)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                .text(declaration.taskID.text), .text(declaration.id),
                .integer(declaration.round), .text(desk),
                .text(declaration.applicant.name), .integer(now.milliseconds),
            ])
    }

    /// The open round ends without a decision: it is a task no more.
    static func close(_ id: TaskID) -> Statement {
        Statement(
            "DELETE FROM rounds WHERE task_id = ? AND outcome IS NULL", [.text(id.text)],
            expectedChanges: 1)
    }

    /// The open round gets its decision, and is counted by it.
    static func decide(
        _ id: TaskID, desk: String, _ decision: StoredRound.Decision
    ) -> [Statement] {
        [
            Statement(
                """
                UPDATE rounds SET outcome = ?, opinion = ?, decision_id = ?, decided_by = ?,
                    decided_by_name = ?, decided_ms = ?
                WHERE task_id = ? AND outcome IS NULL
                """,
                [
                    .integer(Int64(decision.outcome.rawValue)), .text(decision.opinion),
                    .text(decision.id), .text(decision.officerID), .text(decision.officerName),
                    .integer(decision.atMilliseconds), .text(id.text),
                ], expectedChanges: 1)
        ] + DeskCounts.decided(decision.outcome, desk: desk)
    }
}
