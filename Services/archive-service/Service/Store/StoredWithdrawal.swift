import ServiceRuntime

/// A request to have an approved item back (A7): a task of the unit that approved it.
struct StoredWithdrawal: Sendable, Hashable {
    let id: String
    let itemID: String
    /// The approved version of the item that is to be withdrawn.
    let itemVersion: Int64
    /// Of the item.
    let kind: String
    let mainName: String
    let unitID: String
    let personID: String
    /// Keyed index of the applicant's ID number.
    let personKey: [UInt8]
    let applicantName: String
    let reason: String
    var phase: WithdrawalPhase
    /// Steps by one with every change of the state.
    var version: Int64
    /// When it was requested: the task's sort key for ever.
    let enteredMilliseconds: Int64
    var decision: StoredDecision?
    /// Nil unless it was cancelled.
    var cancelledMilliseconds: Int64?
    /// Whether a declaration in flight refers to that version of the item (decision 13).
    let isReferred: Bool
    /// The region whose superior may decide in the unit's place (I10); "" for none.
    let referredTo: String

    var taskID: WithdrawalTaskID { WithdrawalTaskID(withdrawal: id) }

    /// For the audit: nothing here is personal.
    var audited: [(String, String)] {
        [("item", itemID), ("state", phase.view), ("version", "\(version)"), ("unit", unitID)]
    }
}

/// "archive:withdrawal-<id>:1": a request has one round.
struct WithdrawalTaskID: Sendable, Hashable {
    private static let prefix = "withdrawal-"

    let withdrawal: String

    init(withdrawal: String) { self.withdrawal = withdrawal }

    /// Nil when the text is no request's task.
    init?(_ text: String) {
        guard let id = TaskID(text), id.object.hasPrefix(Self.prefix), id.round == 1 else {
            return nil
        }
        withdrawal = String(id.object.dropFirst(Self.prefix.count))
    }

    var text: String { TaskID(item: Self.prefix + withdrawal, round: 1).text }
}
