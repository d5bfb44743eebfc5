import ServiceRuntime
import Storage

/// The SQL of withdrawal requests, which are tasks, and their counters.
enum WithdrawalStore {
    private static let columns = """
        id, item_id, item_version, kind, main_name, unit_id, person_id, person_key,
        applicant_name, reason, state, version, entered_ms, cancelled_ms,
        EXISTS (SELECT 1 FROM pins AS p WHERE p.item_id = withdrawals.item_id
            AND p.version = withdrawals.item_version) AS referred, referred_to,
        \(StoredDecision.columns)
        """

    /// Whose requests are read.
    enum Side: Sendable, Hashable {
        case applicant(String)
        case unit(String)
        /// Those that were referred to a superior.
        case superior(Jurisdiction)

        fileprivate var condition: (sql: String, arguments: [Value]) {
            switch self {
            case .applicant(let person): ("person_id = ?", [.text(person)])
            case .unit(let unit): ("unit_id = ?", [.text(unit)])
            case .superior(let jurisdiction): jurisdiction.condition("referred_to")
            }
        }
    }

    /// What the list is narrowed by.
    struct Filter: Sendable {
        let side: Side
        /// Nil for every state.
        var phase: WithdrawalPhase?
        /// A part of the applicant's or the item's main name; "" for all.
        var search = ""

        fileprivate var condition: (sql: String, arguments: [Value]) {
            var (sql, arguments) = side.condition
            if let phase {
                sql += " AND state = ?"
                arguments.append(.integer(phase.rawValue))
            }
            if !search.isEmpty {
                sql += """
                     AND (replace(applicant_name, ?, '') <> applicant_name
                        OR replace(main_name, ?, '') <> main_name)
                    """
                arguments += [.text(search), .text(search)]
            }
            return (sql, arguments)
        }
    }

    /// The side's request; nil for an unknown or foreign one.
    static func withdrawal(
        _ id: String, _ side: Side, _ rows: any RowReader
    ) throws -> StoredWithdrawal? {
        let (condition, arguments) = side.condition
        return try rows.row(
            Statement(
                "SELECT \(columns) FROM withdrawals WHERE id = ? AND \(condition)",
                [.text(id)] + arguments)
        ).map(stored)
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        _ filter: Filter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredWithdrawal] {
        let (condition, arguments) = filter.condition
        return try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM withdrawals
                WHERE \(condition) AND (entered_ms, id) < (?, ?)
                ORDER BY entered_ms DESC, id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map(stored)
    }

    /// One page of the task list.
    static func page(
        _ filter: TaskFilter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredWithdrawal] {
        try rows.rows(
            filter.page(of: "withdrawals", columns: columns, pending: "state = 1", bounds),
            limit: bounds.size + 1
        ).map(stored)
    }

    /// The requests per state that the filter's side and search leave.
    /// A unit's are counters; a search, and an applicant's own rows, are counted.
    static func counts(
        _ filter: Filter, _ rows: any RowReader
    ) throws -> [WithdrawalPhase: Int64] {
        let statement: Statement
        switch filter.side {
        case .unit(let unit) where filter.search.isEmpty:
            statement = Statement(
                "SELECT state, requests AS n FROM withdrawal_counts WHERE unit_id = ?",
                [.text(unit)])
        default:
            var all = filter
            all.phase = nil
            let (condition, arguments) = all.condition
            statement = Statement(
                """
                SELECT state, count(*) AS n FROM withdrawals WHERE \(condition) GROUP BY state
                """, arguments)
        }
        return try Dictionary(
            uniqueKeysWithValues: rows.rows(statement, limit: 10).map {
                (try phase($0), try $0.integer("n"))
            })
    }

    /// How many requests there were of an item, and whether one waits.
    static func requests(
        of item: String, _ rows: any RowReader
    ) throws -> (all: Int64, isWaiting: Bool) {
        let row = try rows.row(
            Statement(
                """
                SELECT count(*) AS n, count(CASE WHEN state = 1 THEN 1 END) AS waiting
                FROM withdrawals WHERE item_id = ?
                """, [.text(item)]))
        return (try row?.integer("n") ?? 0, try row?.integer("waiting") ?? 0 > 0)
    }

    private static func phase(_ row: Row) throws -> WithdrawalPhase {
        guard let phase = WithdrawalPhase(rawValue: try row.integer("state")) else {
            preconditionFailure("the table's CHECK let an unknown state pass")
        }
        return phase
    }

    private static func stored(_ row: Row) throws -> StoredWithdrawal {
        StoredWithdrawal(
            id: try row.text("id"), itemID: try row.text("item_id"),
            itemVersion: try row.integer("item_version"), kind: try row.text("kind"),
            mainName: try row.text("main_name"), unitID: try row.text("unit_id"),
            personID: try row.text("person_id"), personKey: try row.blob("person_key"),
            applicantName: try row.text("applicant_name"), reason: try row.text("reason"),
            phase: try phase(row), version: try row.integer("version"),
            enteredMilliseconds: try row.integer("entered_ms"),
            decision: try StoredDecision(row),
            cancelledMilliseconds: try row.optionalInteger("cancelled_ms"),
            isReferred: try row.integer("referred") == 1,
            referredTo: try row.text("referred_to"))
    }

    // MARK: writes

    /// A new request, counted.
    static func open(_ withdrawal: StoredWithdrawal) -> [Statement] {
        [
            Statement(
                """
                INSERT INTO withdrawals
                    (id, task_id, item_id, item_version, kind, main_name, unit_id, person_id,
                     person_key, applicant_name, reason, state, version, entered_ms,
                     referred_to)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(withdrawal.id), .text(withdrawal.taskID.text),
                    .text(withdrawal.itemID), .integer(withdrawal.itemVersion),
                    .text(withdrawal.kind), .text(withdrawal.mainName),
                    .text(withdrawal.unitID), .text(withdrawal.personID),
                    .blob(withdrawal.personKey), .text(withdrawal.applicantName),
                    .text(withdrawal.reason), .integer(withdrawal.phase.rawValue),
                    .integer(withdrawal.version), .integer(withdrawal.enteredMilliseconds),
                    .text(withdrawal.referredTo),
                ]), add(withdrawal.unitID, withdrawal.phase),
        ]
    }

    /// The waiting request ends: granted, refused or cancelled.
    static func close(_ withdrawal: StoredWithdrawal) -> [Statement] {
        let decision =
            withdrawal.decision?.values ?? Array(repeating: .null, count: 6)
        return [
            Statement(
                """
                UPDATE withdrawals SET state = ?, version = ?, cancelled_ms = ?,
                    \(StoredDecision.assignments)
                WHERE id = ? AND version = ? AND state = 1
                """,
                [
                    .integer(withdrawal.phase.rawValue), .integer(withdrawal.version),
                    withdrawal.cancelledMilliseconds.map { .integer($0) } ?? .null,
                ] + decision + [.text(withdrawal.id), .integer(withdrawal.version - 1)],
                expectedChanges: 1),
            Statement(
                """
                UPDATE withdrawal_counts SET requests = requests - 1
                WHERE unit_id = ? AND state = 1
                """, [.text(withdrawal.unitID)], expectedChanges: 1),
            add(withdrawal.unitID, withdrawal.phase),
        ]
    }

    private static func add(_ unit: String, _ phase: WithdrawalPhase) -> Statement {
        Statement(
            """
            INSERT INTO withdrawal_counts (unit_id, state, requests) VALUES (?, ?, 1)
            ON CONFLICT (unit_id, state)
            DO UPDATE SET requests = withdrawal_counts.requests + 1
            """, [.text(unit), .integer(phase.rawValue)])
    }
}
