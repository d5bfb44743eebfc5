import Domain
import Messages
import ServiceRuntime
import Storage

/// A decision on any of the archive's tasks.
enum DecideTask: Command {
    case item(DecideItem)
    case withdrawal(DecideWithdrawal)

    enum Facts: Sendable {
        case item(DecideItem.Facts)
        case withdrawal(DecideWithdrawal.Facts)
    }

    /// - Parameter decisionID: of the decision, should it be made.
    init(officer: Officer, request: Tasks.DecideRequest, decisionID: String) {
        self =
            WithdrawalTaskID(request.taskID) == nil
            ? .item(
                DecideItem(officer: officer, request: request, decisionID: decisionID))
            : .withdrawal(
                DecideWithdrawal(officer: officer, request: request, decisionID: decisionID))
    }

    func read(_ rows: any RowReader) throws -> Facts {
        switch self {
        case .item(let command): .item(try command.read(rows))
        case .withdrawal(let command): .withdrawal(try command.read(rows))
        }
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        switch (self, facts) {
        case (.item(let command), .item(let facts)): try command.decide(facts, at: now)
        case (.withdrawal(let command), .withdrawal(let facts)):
            try command.decide(facts, at: now)
        default: preconditionFailure("a command decides on what it read itself")
        }
    }
}
