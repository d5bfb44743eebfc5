import Messages
import ServiceRuntime
import Storage

// What the task centre is told of items and withdrawal requests: every transition has its notification (E5), every task its
// opening and its end (T4).

extension ItemPhase.Event {
    /// What it means to whoever is told of it; nil for what nobody but the applicant sees.
    var news: String? {
        switch self {
        case .edit: nil
        case .submit: "已提交，等待单位审核"
        case .resubmit: "已补正并重新提交，等待单位审核"
        case .retract: "已由申报人收回"
        case .approve: "单位审核通过"
        case .return: "被单位退回，请补正后重新提交"
        case .terminate: "被单位终止，不能再用于申报"
        case .withdrawalGranted: "撤回申请已同意，可修改后重新提交"
        }
    }
}

extension WithdrawalPhase {
    /// What it means to whoever is told that a request is there now.
    var news: String {
        switch self {
        case .pending: "已提交，等待单位处理"
        case .granted: "单位已同意"
        case .refused: "单位已驳回，业绩不变"
        case .cancelled: "已由申报人取消"
        }
    }
}

extension Announcement {
    /// An item after the event.
    /// - Parameters:
    ///   - applicant: as the reviewed submission names the person.
    ///   - unit: that reviews, or reviewed, it.
    ///   - region: whose superior may decide in the unit's place (I10); "" for none.
    ///   - actor: the person who did it.
    ///   - task: what became of its task.
    /// - Returns: nil for what nobody is told.
    static func of(
        _ item: StoredItem, after event: ItemPhase.Event, applicant: String, unit: String,
        referredTo region: String = "", by actor: String, task: Tasks.TaskChange? = nil
    ) -> Announcement? {
        guard let news = event.news else { return nil }
        var announcement = Announcement(
            machine: "archive_item", object: item.id, version: item.version)
        announcement.event = item.phase.view
        let title = event == .retract ? "收回" : item.phase.label
        announcement.title = "\(TaskKind.item.label) \(title)"
        announcement.text = "\(applicant) 的业绩“\(item.mainName)”\(news)"
        announcement.recipients = [.person(item.personID), .unit(unit), .superiors(region)]
        announcement.actor = actor
        announcement.tasks = [task].compactMap(\.self)
        return announcement
    }

    /// A withdrawal request in its new state.
    /// - Parameters:
    ///   - task: of a new one.
    ///   - region: of the unit; "" where it is not known.
    static func of(
        _ withdrawal: StoredWithdrawal, by actor: String, task: Tasks.Task? = nil,
        region: String = ""
    ) -> Announcement {
        var announcement = Announcement(
            machine: "withdrawal_request", object: withdrawal.id, version: withdrawal.version)
        announcement.event = withdrawal.phase.view
        announcement.title = "\(TaskKind.withdrawal.label) \(withdrawal.phase.label)"
        announcement.text =
            "\(withdrawal.applicantName) 对业绩“\(withdrawal.mainName)”的撤回申请\(withdrawal.phase.news)"
        announcement.recipients = [
            .person(withdrawal.personID), .unit(withdrawal.unitID),
            .superiors(withdrawal.referredTo),
        ]
        announcement.actor = actor
        announcement.tasks = [
            task.map { .opened($0, at: .unit(withdrawal.unitID), region: region) }
                ?? .closed(
                    withdrawal.taskID.text, TaskID.source, TaskKind.withdrawal.key,
                    at: .unit(withdrawal.unitID))
        ]
        return announcement
    }
}
