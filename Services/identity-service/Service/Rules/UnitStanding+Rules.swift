import Domain
import Messages
import ServiceRuntime
import Storage

extension Identity.UnitSummary: StorableReply {}

/// 停用 of a unit, and 恢复, by the HR department of its region. With a suspension the sessions for the unit end.
struct ChangeUnitStanding: Command {
    /// What happens: the reason of a suspension, checked.
    enum Change: Sendable, Hashable {
        case suspend(reason: String)
        case resume

        fileprivate var event: UnitState.Event {
            switch self {
            case .suspend: .suspend
            case .resume: .resume
            }
        }

        fileprivate var label: String {
            switch self {
            case .suspend: "停用"
            case .resume: "恢复"
            }
        }

        fileprivate var action: String {
            switch self {
            case .suspend: "identity.unit.suspend"
            case .resume: "identity.unit.resume"
            }
        }

        fileprivate var reason: [(String, String)] {
            switch self {
            case .suspend(let reason): [("reason", reason)]
            case .resume: []
            }
        }
    }

    let authority: AccountAuthority
    /// The person id of who does it.
    let actor: String
    let unitID: String
    let change: Change

    func read(_ rows: any RowReader) throws -> StoredUnit? { try UnitStore.unit(unitID, rows) }

    func decide(
        _ unit: StoredUnit?, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.UnitSummary> {
        guard let unit, authority.covers(unit) else { throw .notFound("单位") }
        guard let next = unit.state.after(change.event) else {
            throw .precondition("单位\(unit.state.label)，不能\(change.label)")
        }
        var changed = unit
        changed.state = next
        changed.version += 1
        let ended = next.admitsOfficers ? [] : [SessionStore.deleteAll(unit: unitID)]
        return Plan(
            writes: [UnitStore.update(changed, submitted: nil)] + ended,
            messages: [Announcement.of(changed, by: actor).message],
            audit: [
                AuditEntry(
                    actor: authority.actor, action: change.action, object: "unit:\(unitID)",
                    before: [("state", unit.state.rawValue), ("version", "\(unit.version)")],
                    after: [("state", next.rawValue), ("version", "\(changed.version)")]
                        + change.reason)
            ], reply: changed.summary)
    }
}
