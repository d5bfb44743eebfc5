import Domain
import Messages
import ServiceRuntime
import Storage

/// A unit's request to change its nature or its jurisdiction.
struct StoredUnitChange: Sendable, Hashable {
    let id: String
    let unitID: String
    let unitName: String
    /// The smallest region that holds the jurisdiction of now and the one asked for: whose HR department decides.
    let scope: String
    /// What is and what is asked for; both the same where nothing is to change.
    let nature: (before: String, after: String)
    let region: (before: String, after: String)
    let reason: String
    let requestedBy: String
    let requestedByName: String
    let requestedMilliseconds: Int64
    var state: UnitChangeState
    var decision: Decision?

    struct Decision: Sendable, Hashable {
        let opinion: String
        let officerID: String
        let officerName: String
        let atMilliseconds: Int64
    }

    static func == (left: StoredUnitChange, right: StoredUnitChange) -> Bool {
        left.id == right.id && left.state == right.state && left.decision == right.decision
    }

    func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// Where a request stands.
enum UnitChangeState: Int64, Sendable, Hashable, CaseIterable {
    /// 待处理. → approved, refused
    case pending = 1
    /// 已同意. Final.
    case approved = 2
    /// 已驳回. Final.
    case refused = 3

    /// As the screens say it.
    var label: String {
        switch self {
        case .pending: "待处理"
        case .approved: "已同意"
        case .refused: "已驳回"
        }
    }
}

/// The SQL of change requests: rows in, statements out.
enum UnitChangeStore {
    private static let columns = """
        id, unit_id, unit_name, scope, nature_before, nature_after, region_before, region_after,
        reason, requested_by, requested_by_name, requested_ms, state, opinion, decided_by,
        decided_by_name, decided_ms
        """

    /// Whose requests are read.
    enum Side: Sendable, Hashable {
        case unit(String)
        /// An HR department's region, a GB/T 2260 code.
        case region(String)

        var condition: (sql: String, arguments: [Value]) {
            switch self {
            case .unit(let id): return ("unit_id = ?", [.text(id)])
            case .region(let code):
                let codes = Region(code: code)?.codeRange ?? (first: "", end: "")
                return ("scope >= ? AND scope < ?", [.text(codes.first), .text(codes.end)])
            }
        }
    }

    /// The side's request; nil for an unknown or foreign one.
    static func change(
        _ id: String, _ side: Side, _ rows: any RowReader
    ) throws -> StoredUnitChange? {
        let (condition, arguments) = side.condition
        return try rows.row(
            Statement(
                "SELECT \(columns) FROM unit_changes WHERE id = ? AND \(condition)",
                [.text(id)] + arguments)
        ).map(stored)
    }

    /// The unit's request that waits.
    static func pending(unit: String, _ rows: any RowReader) throws -> StoredUnitChange? {
        try rows.row(
            Statement(
                "SELECT \(columns) FROM unit_changes WHERE unit_id = ? AND state = 1",
                [.text(unit)])
        ).map(stored)
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    /// - Parameter state: nil for all.
    static func page(
        _ side: Side, state: UnitChangeState?, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredUnitChange] {
        var (condition, arguments) = side.condition
        if let state {
            condition += " AND state = ?"
            arguments.append(.integer(state.rawValue))
        }
        return try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM unit_changes
                WHERE \(condition) AND (requested_ms, id) < (?, ?)
                ORDER BY requested_ms DESC, id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map(stored)
    }

    private static func stored(_ row: Row) throws -> StoredUnitChange {
        guard let state = UnitChangeState(rawValue: try row.integer("state")) else {
            preconditionFailure("the table's CHECK let an unknown state of a request pass")
        }
        let decision: StoredUnitChange.Decision? = try row.optionalText("decided_by").map {
            person in
            StoredUnitChange.Decision(
                opinion: try row.text("opinion"), officerID: person,
                officerName: try row.text("decided_by_name"),
                atMilliseconds: try row.integer("decided_ms"))
        }
        return StoredUnitChange(
            id: try row.text("id"), unitID: try row.text("unit_id"),
            unitName: try row.text("unit_name"), scope: try row.text("scope"),
            nature: (try row.text("nature_before"), try row.text("nature_after")),
            region: (try row.text("region_before"), try row.text("region_after")),
            reason: try row.text("reason"), requestedBy: try row.text("requested_by"),
            requestedByName: try row.text("requested_by_name"),
            requestedMilliseconds: try row.integer("requested_ms"), state: state,
            decision: decision)
    }

    // MARK: writes

    static func insert(_ change: StoredUnitChange) -> Statement {
        Statement(
            """
            INSERT INTO unit_changes (
                id, unit_id, unit_name, scope, nature_before, nature_after, region_before,
                region_after, reason, requested_by, requested_by_name, requested_ms, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
            """,
            [
                .text(change.id), .text(change.unitID), .text(change.unitName),
                .text(change.scope), .text(change.nature.before), .text(change.nature.after),
                .text(change.region.before), .text(change.region.after), .text(change.reason),
                .text(change.requestedBy), .text(change.requestedByName),
                .integer(change.requestedMilliseconds),
            ])
    }

    static func decide(
        _ change: StoredUnitChange, _ decision: StoredUnitChange.Decision
    ) -> Statement {
        Statement(
            """
            UPDATE unit_changes SET state = ?, opinion = ?, decided_by = ?, decided_by_name = ?,
                decided_ms = ?
            WHERE id = ? AND state = 1
            """,
            [
                .integer(change.state.rawValue), .text(decision.opinion),
                .text(decision.officerID), .text(decision.officerName),
                .integer(decision.atMilliseconds), .text(change.id),
            ], expectedChanges: 1)
    }
}
