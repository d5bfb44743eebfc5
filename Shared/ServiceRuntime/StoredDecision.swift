package import Messages
package import Storage

/// What was decided on a task, as the owner's table of tasks keeps it.
package struct StoredDecision: Sendable, Hashable {
    package let id: String
    package let outcome: Common.Outcome
    package let opinion: String
    package let officerID: String
    package let officerName: String
    package let atMilliseconds: Int64

    /// The columns of a decision, in every table of tasks.
    package static let columns =
        "outcome, opinion, decision_id, decided_by, decided_by_name, decided_ms"

    /// The columns' new values: what `UPDATE … SET` takes.
    package static let assignments = """
        outcome = ?, opinion = ?, decision_id = ?, decided_by = ?, decided_by_name = ?,
        decided_ms = ?
        """

    /// In the order of ``assignments``.
    package var values: [Value] {
        [
            .integer(Int64(outcome.rawValue)), .text(opinion), .text(id), .text(officerID),
            .text(officerName), .integer(atMilliseconds),
        ]
    }

    package init(
        id: String, outcome: Common.Outcome, opinion: String, officerID: String,
        officerName: String, atMilliseconds: Int64
    ) {
        self.id = id
        self.outcome = outcome
        self.opinion = opinion
        self.officerID = officerID
        self.officerName = officerName
        self.atMilliseconds = atMilliseconds
    }

    /// Nil when nobody decided yet.
    package init?(_ row: Row) throws {
        guard let outcome = try row.optionalInteger("outcome") else { return nil }
        id = try row.text("decision_id")
        self.outcome = Common.Outcome(rawValue: Int32(outcome))
        opinion = try row.text("opinion")
        officerID = try row.text("decided_by")
        officerName = try row.text("decided_by_name")
        atMilliseconds = try row.integer("decided_ms")
    }

    /// The first decision won: the loser learns whose it is, and how it went.
    /// - Parameter current: the version of what was decided on.
    package func tooLate(current: Int64) -> Refusal {
        .decided(
            by: officerName, outcome, atMilliseconds: atMilliseconds, current: current)
    }
}
