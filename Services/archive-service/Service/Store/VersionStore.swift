import Messages
import ServiceRuntime
import Storage

/// How many tasks of a unit wait, and how the others ended.
struct TaskCounts: Sendable, Hashable {
    var pending: Int64 = 0
    var approved: Int64 = 0
    var returned: Int64 = 0
    var terminated: Int64 = 0

    var processed: Int64 { approved + returned + terminated }
}

/// The SQL of submissions, which are the tasks, and their counters.
enum VersionStore {
    private static let columns = """
        task_id, version, kind, unit_id, person_id, person_key, applicant_name, main_name, form,
        entered_ms, referred_to, retracted_ms, \(StoredDecision.columns)
        """
    /// Of a ``ListedVersion``.
    private static let listColumns = """
        task_id, version, kind, person_id, applicant_name, main_name, entered_ms,
        \(StoredDecision.columns)
        """

    /// What waits to be decided; as the index has it.
    static let pending = "outcome IS NULL AND retracted_ms IS NULL"

    /// The side's task; nil for an unknown or foreign one.
    static func version(
        _ id: TaskID, _ side: ReviewSide, _ rows: any RowReader
    ) throws -> StoredVersion? {
        let (condition, arguments) = side.condition
        return try rows.row(
            Statement(
                "SELECT \(columns) FROM item_versions WHERE task_id = ? AND \(condition)",
                [.text(id.text)] + arguments)
        ).map(stored)
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        _ filter: TaskFilter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [ListedVersion] {
        try rows.rows(
            filter.page(of: "item_versions", columns: listColumns, pending: pending, bounds),
            limit: bounds.size + 1
        ).map { row in
            ListedVersion(
                id: try id(row), version: try row.integer("version"), kind: try row.text("kind"),
                personID: try row.text("person_id"),
                applicantName: try row.text("applicant_name"),
                mainName: try row.text("main_name"),
                enteredMilliseconds: try row.integer("entered_ms"),
                decision: try StoredDecision(row))
        }
    }

    private static func id(_ row: Row) throws -> TaskID {
        guard let id = TaskID(try row.text("task_id")) else {
            preconditionFailure("a stored task id cannot be read")
        }
        return id
    }

    /// A unit's are counters; what was referred is little, and counted.
    static func counts(_ side: ReviewSide, _ rows: any RowReader) throws -> TaskCounts {
        let (condition, arguments) = side.condition
        let sql =
            switch side {
            case .unit:
                """
                SELECT pending, approved, returned, terminated FROM task_counts
                WHERE \(condition)
                """
            case .superior:
                """
                SELECT count(CASE WHEN \(pending) THEN 1 END) AS pending,
                    count(CASE WHEN outcome = 1 THEN 1 END) AS approved,
                    count(CASE WHEN outcome = 2 THEN 1 END) AS returned,
                    count(CASE WHEN outcome = 3 THEN 1 END) AS terminated
                FROM item_versions WHERE \(condition)
                """
            }
        return try rows.row(Statement(sql, arguments)).map { row in
            TaskCounts(
                pending: try row.integer("pending"), approved: try row.integer("approved"),
                returned: try row.integer("returned"), terminated: try row.integer("terminated"))
        } ?? TaskCounts()
    }

    private static func stored(_ row: Row) throws -> StoredVersion {
        StoredVersion(
            id: try id(row), version: try row.integer("version"), kind: try row.text("kind"),
            unitID: try row.text("unit_id"), personID: try row.text("person_id"),
            personKey: try row.blob("person_key"),
            applicantName: try row.text("applicant_name"), mainName: try row.text("main_name"),
            form: try ItemForm(storedBytes: try row.blob("form")),
            enteredMilliseconds: try row.integer("entered_ms"),
            referredTo: try row.text("referred_to"), decision: try StoredDecision(row),
            isRetracted: try row.optionalInteger("retracted_ms") != nil)
    }

    // MARK: writes

    /// A submission enters review with the evidence that the item has now, and is counted.
    static func open(_ version: StoredVersion) -> [Statement] {
        [
            Statement(
                """
                INSERT INTO item_versions
                    (task_id, item_id, round, version, kind, unit_id, person_id, person_key,
                     applicant_name, main_name, form, entered_ms, referred_to)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(version.id.text), .text(version.id.object), .integer(version.id.round),
                    .integer(version.version), .text(version.kind), .text(version.unitID),
                    .text(version.personID), .blob(version.personKey),
                    .text(version.applicantName), .text(version.mainName),
                    .blob(version.form.storedBytes), .integer(version.enteredMilliseconds),
                    .text(version.referredTo),
                ]),
            Statement(
                """
                INSERT INTO version_evidence (item_id, round, evidence_id)
                SELECT e.item_id, ?, e.id FROM evidence AS e WHERE e.item_id = ? AND e.current = 1
                """, [.integer(version.id.round), .text(version.id.object)]),
            Statement(
                """
                INSERT INTO task_counts (unit_id, pending, approved, returned, terminated)
                VALUES (?, 1, 0, 0, 0)
                ON CONFLICT (unit_id) DO UPDATE SET pending = task_counts.pending + 1
                """, [.text(version.unitID)]),
        ]
    }

    /// The open task gets its decision, and moves from one count to the other.
    static func decide(
        _ version: StoredVersion, _ decision: StoredDecision
    ) -> [Statement] {
        func one(_ outcome: Common.Outcome) -> Value {
            .integer(decision.outcome == outcome ? 1 : 0)
        }
        return [
            Statement(
                """
                UPDATE item_versions SET \(StoredDecision.assignments)
                WHERE task_id = ? AND \(pending)
                """,
                decision.values + [.text(version.id.text)], expectedChanges: 1),
            Statement(
                """
                UPDATE task_counts SET pending = pending - 1, approved = approved + ?,
                    returned = returned + ?, terminated = terminated + ?
                WHERE unit_id = ?
                """,
                [one(.approved), one(.returned), one(.terminated), .text(version.unitID)],
                expectedChanges: 1),
        ]
    }

    /// The open task ends without a decision.
    static func retract(_ version: StoredVersion, atMilliseconds: Int64) -> [Statement] {
        [
            Statement(
                "UPDATE item_versions SET retracted_ms = ? WHERE task_id = ? AND \(pending)",
                [.integer(atMilliseconds), .text(version.id.text)], expectedChanges: 1),
            Statement(
                "UPDATE task_counts SET pending = pending - 1 WHERE unit_id = ?",
                [.text(version.unitID)], expectedChanges: 1),
        ]
    }
}
