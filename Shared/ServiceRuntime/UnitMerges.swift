package import Domain
package import Messages
package import RPC
package import Storage

// 合并 of units, as the services see it that keep what units review: identity-service asks them first what waits at the unit, and tells
// them by its outbox once it is merged.

/// The units that nothing is submitted to: for a minute those that identity-service may be about to merge, and for ever those that it
/// merged, for a submission may have asked earlier where its person is. A table of the service's own.
package enum HeldUnits {
    /// Longer than any call of identity-service takes, and than a submission that has asked who the person is.
    package static let holdMilliseconds: Int64 = 60_000

    /// For a migration, and so never changed: another shape is another migration.
    package static let table = """
        CREATE TABLE held_units (
            unit_id TEXT NOT NULL PRIMARY KEY CHECK (unit_id <> ''),
            until_ms INTEGER NOT NULL
        ) STRICT
        """

    /// Until when nothing is submitted to the unit, in milliseconds; nil when nobody asked.
    package static func until(_ unit: String, _ rows: any RowReader) throws -> Int64? {
        try rows.row(
            Statement("SELECT until_ms FROM held_units WHERE unit_id = ?", [.text(unit)]))?
            .integer("until_ms")
    }

    /// Refuses what would be submitted to a unit that is being merged, or is.
    /// - Parameter held: what ``until(_:_:)`` says of the unit.
    package static func requireFree(_ held: Int64?, at now: Timestamp) throws(Refusal) {
        guard let held, now.milliseconds < held else { return }
        throw .busy("所在单位正在办理合并，请一分钟后再试")
    }

    /// What is over goes.
    fileprivate static func hold(
        _ unit: String, until milliseconds: Int64, at now: Timestamp
    ) -> [Statement] {
        [
            Statement("DELETE FROM held_units WHERE until_ms <= ?", [.integer(now.milliseconds)]),
            Statement(
                """
                INSERT INTO held_units (unit_id, until_ms) VALUES (?, ?)
                ON CONFLICT (unit_id) DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)
                """, [.text(unit), .integer(milliseconds)]),
        ]
    }
}

extension Identity.PersonSummary {
    /// Refuses what nobody of the person's unit could review.
    /// - Parameters:
    ///   - held: what ``HeldUnits/until(_:_:)`` says of the unit.
    ///   - goesOn: whether it continues a review whose term runs: a suspended unit's goes on.
    package func requireReviewingUnit(
        held: Int64?, at now: Timestamp, goesOn: Bool = false
    ) throws(Refusal) {
        guard !unitSuspended || goesOn else {
            throw .precondition("本单位已停用，暂时不能提交")
        }
        try HeldUnits.requireFree(held, at: now)
    }
}

extension Identity.HoldUnitReply: StorableReply {}
extension Identity.ApplyMergeReply: StorableReply {}

/// identity-service asks before it merges a unit. The answer “nothing waits” holds for a while: nothing is submitted to the unit until
/// identity-service has surely decided.
package struct HoldUnit: Command {
    private let unitID: String
    private let waiting: @Sendable (String, any RowReader) throws -> [Common.ViewCount]

    /// - Parameter waiting: what waits at a unit, by kind; noughts are left out.
    /// - Throws: `invalidArgument` when no unit is named.
    package init(
        _ request: Identity.HoldUnitRequest,
        waiting: @escaping @Sendable (String, any RowReader) throws -> [Common.ViewCount]
    ) throws(RPCError) {
        unitID = try request.unitID.named()
        self.waiting = waiting
    }

    package func read(_ rows: any RowReader) throws -> [Common.ViewCount] {
        try waiting(unitID, rows).filter { $0.count > 0 }
    }

    package func decide(
        _ waiting: [Common.ViewCount], at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.HoldUnitReply> {
        Plan(
            writes: waiting.isEmpty
                ? HeldUnits.hold(
                    unitID, until: now.milliseconds + HeldUnits.holdMilliseconds, at: now) : [],
            reply: Identity.HoldUnitReply(waiting: waiting))
    }
}

/// A unit was merged: what the service keeps of it is the other unit's, history too. One transaction, which
/// holds up other writes for about three seconds when the unit has 100,000 archive items.
package struct ApplyMerge: Command {
    /// Where rows name their unit.
    package struct Place {
        let table: String
        let column: String
        let condition: String

        /// - Parameter condition: narrows the rows to those of a partial index that begins with the column: a merge seeks.
        package init(_ table: String, column: String = "unit_id", where condition: String = "") {
            self.table = table
            self.column = column
            self.condition = condition
        }

        /// The rows of the one unit become the other's.
        package func move(_ unit: String, to into: String) -> Statement {
            Statement(
                """
                UPDATE \(table) SET \(column) = ? WHERE \(column) = ?
                \(condition.isEmpty ? "" : "AND \(condition)")
                """, [.text(into), .text(unit)])
        }
    }

    private let request: Identity.ApplyMergeRequest
    private let moves: [Statement]

    /// - Parameters:
    ///   - places: what moves.
    ///   - counters: further statements, after those.
    /// - Throws: `invalidArgument` when the message does not name two units.
    package init(
        _ request: Identity.ApplyMergeRequest, places: [Place],
        counters: (_ unit: String, _ into: String) -> [Statement]
    ) throws(RPCError) {
        let (unit, into) = (try request.unitID.named(), try request.intoID.named())
        self.request = request
        moves =
            places.map { $0.move(unit, to: into) } + counters(unit, into)
    }

    package func read(_ rows: any RowReader) throws {}

    package func decide(
        _ facts: Void, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.ApplyMergeReply> {
        Plan(
            writes: moves + HeldUnits.hold(request.unitID, until: .max, at: now),
            audit: [
                AuditEntry(
                    actor: "service:identity-service", action: "unit.merge",
                    object: "unit:\(request.unitID)", after: [("into", request.intoID)])
            ], reply: Identity.ApplyMergeReply())
    }
}

extension ApplyMerge {
    /// A table of counters of units: those of the one are added to those of the other, and go.
    /// - Parameters:
    ///   - table: with the columns of the key first: the unit's, and `keys`.
    ///   - unitColumn: that names the unit.
    ///   - keys: the rest of the primary key.
    ///   - sums: the counters.
    package static func add(
        _ table: String, unitColumn: String = "unit_id", keys: [String] = [], sums: [String],
        of unit: String, to into: String
    ) -> [Statement] {
        let rest = (keys + sums).joined(separator: ", ")
        let key = ([unitColumn] + keys).joined(separator: ", ")
        let added = sums.map { "\($0) = \(table).\($0) + excluded.\($0)" }
        return [
            Statement(
                """
                INSERT INTO \(table) (\(unitColumn), \(rest))
                SELECT ?, \(rest) FROM \(table) WHERE \(unitColumn) = ?
                ON CONFLICT (\(key)) DO UPDATE SET \(added.joined(separator: ", "))
                """, [.text(into), .text(unit)]),
            Statement("DELETE FROM \(table) WHERE \(unitColumn) = ?", [.text(unit)]),
        ]
    }
}

extension String {
    /// The id, when it is one.
    fileprivate func named() throws(RPCError) -> String {
        guard (1...64).contains(utf8.count) else {
            throw RPCError(
                code: .invalidArgument, message: "a merge of units names the units",
                verdict: .never)
        }
        return self
    }
}
