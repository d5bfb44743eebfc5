import Messages
import ServiceRuntime
import Storage

/// What a unit decided on one of its tasks.
struct StoredDecision: Sendable, Hashable {
    let id: String
    let outcome: Common.Outcome
    let opinion: String
    let officerID: String
    let officerName: String
    let atMilliseconds: Int64

    /// The columns of a decision, in every table of tasks.
    static let columns =
        "outcome, opinion, decision_id, decided_by, decided_by_name, decided_ms"

    /// The columns' new values: what `UPDATE … SET` takes.
    static let assignments = """
        outcome = ?, opinion = ?, decision_id = ?, decided_by = ?, decided_by_name = ?,
        decided_ms = ?
        """

    /// In the order of ``assignments``.
    var values: [Value] {
        [
            .integer(Int64(outcome.rawValue)), .text(opinion), .text(id), .text(officerID),
            .text(officerName), .integer(atMilliseconds),
        ]
    }

    init(
        id: String, outcome: Common.Outcome, opinion: String, by officer: Officer,
        atMilliseconds: Int64
    ) {
        self.id = id
        self.outcome = outcome
        self.opinion = opinion
        officerID = officer.personID
        officerName = officer.name
        self.atMilliseconds = atMilliseconds
    }

    /// Nil when nobody decided yet.
    init?(_ row: Row) throws {
        guard let outcome = try row.optionalInteger("outcome") else { return nil }
        id = try row.text("decision_id")
        self.outcome = Common.Outcome(rawValue: Int32(outcome))
        opinion = try row.text("opinion")
        officerID = try row.text("decided_by")
        officerName = try row.text("decided_by_name")
        atMilliseconds = try row.integer("decided_ms")
    }

    /// The first decision won: the loser learns whose it is, and how it went.
    func tooLate(current: Int64) -> Refusal {
        .decided(
            by: officerName, outcome, atMilliseconds: atMilliseconds, current: current)
    }
}
