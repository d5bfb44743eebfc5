import Messages

/// Where an archive item stands: machine "archive_item".
enum ItemPhase: Int64, Sendable, Hashable, CaseIterable {
    /// 草稿, seen by the applicant only. → reviewing
    case draft = 1
    /// 审核中. → approved, returned, terminated, draft (retracted)
    case reviewing = 2
    /// 审核通过. → returned (withdrawal granted)
    case approved = 3
    /// 退回. → reviewing
    case returned = 4
    /// 终止. Final for the item (decision 4).
    case terminated = 5

    /// What happens to an item.
    enum Event: Sendable, Hashable, CaseIterable {
        case edit, submit, resubmit, retract, approve, `return`, terminate, withdrawalGranted
    }

    /// Where a new item starts.
    static let new = ItemPhase.draft

    /// The state afterwards; nil when the event is not open here.
    func after(_ event: Event) -> ItemPhase? {
        switch (self, event) {
        case (.draft, .edit): .draft
        case (.draft, .submit): .reviewing
        case (.reviewing, .approve): .approved
        case (.reviewing, .return): .returned
        case (.reviewing, .terminate): .terminated
        case (.reviewing, .retract): .draft
        case (.returned, .edit): .returned
        case (.returned, .resubmit): .reviewing
        case (.approved, .withdrawalGranted): .returned
        default: nil
        }
    }

    /// What submitting is called in this state; nil when it is not open.
    var submitting: Event? {
        switch self {
        case .draft: .submit
        case .returned: .resubmit
        case .reviewing, .approved, .terminated: nil
        }
    }

    /// As the screens say it.
    var label: String {
        switch self {
        case .draft: "草稿"
        case .reviewing: "审核中"
        case .approved: "审核通过"
        case .returned: "退回"
        case .terminated: "终止"
        }
    }

    /// The name of the tab and of the statistics' entry.
    var view: String {
        switch self {
        case .draft: "draft"
        case .reviewing: "reviewing"
        case .approved: "approved"
        case .returned: "returned"
        case .terminated: "terminated"
        }
    }

    /// As it travels.
    var message: Archive.ItemState { Archive.ItemState(rawValue: Int32(rawValue)) }
}
