import Messages
import ServiceRuntime
import Storage

// E5 of what is no transition of a declaration.

extension Announcement {
    /// The most that one announcement tells, of whom an entrusted review has more.
    private static let mostRecipients = 10

    /// An entrusted review (D11) came to where it is: whoever decides next is told, the unit, and at the end its people.
    static func of(_ entrustment: StoredEntrustment, by actor: String) -> [OutboxMessage] {
        var announcement = Announcement(
            machine: "entrustment", object: entrustment.id, version: entrustment.version)
        announcement.title = "委托 \(entrustment.phase.news)"
        announcement.text =
            "\(entrustment.unitName) 委托评审 \(entrustment.persons.count) 人：\(entrustment.phase.news)"
        announcement.actor = actor
        var told: [Tasks.Mailbox] = [.unit(entrustment.unitID)]
        switch entrustment.phase {
        case .withDepartment: told.append(.department(entrustment.region))
        case .withCommittee: told.append(.committee(entrustment.committeeID))
        case .accepted, .refused: told += entrustment.persons.map { .person($0.id) }
        }
        return stride(from: 0, to: told.count, by: mostRecipients).map { start in
            // The event is a part of the message's id.
            announcement.event = "\(entrustment.phase)" + (start == 0 ? "" : ".\(start)")
            announcement.recipients = Array(told.dropFirst(start).prefix(mostRecipients))
            return announcement.message
        }
    }

    /// The HR department lifted the ban that the declaration's termination brought (D9).
    static func liftedBan(of declaration: StoredDeclaration, by actor: String) -> Announcement {
        var announcement = Announcement(
            machine: "declaration", object: declaration.id, version: declaration.version)
        announcement.event = "ban_lifted"
        announcement.title = "年度禁报 已解除"
        announcement.text =
            "\(declaration.applicant.name) 的 \(declaration.plan.year) 年度禁报已由人社部门解除，可以再次申报"
        announcement.actor = actor
        announcement.recipients = [.person(declaration.personID), .unit(declaration.unit.id)]
        return announcement
    }
}

extension EntrustmentPhase {
    fileprivate var news: String {
        switch self {
        case .withDepartment: "等待人社部门审批"
        case .withCommittee: "人社部门已同意，等待评委会审批"
        case .accepted: "评委会已受理，可以申报"
        case .refused: "不予受理"
        }
    }
}
