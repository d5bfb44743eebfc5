import Messages

/// Where a person's registration stands: machine "personnel_registration".
enum RegistrationPhase: Int64, Sendable, Hashable, CaseIterable {
    /// 审核中. → approved, returned, cancelled
    case reviewing = 1
    /// 审核通过. → reviewing (transfer), disabled
    case approved = 2
    /// 退回. → reviewing
    case returned = 3
    /// 已离职/停用. → reviewing
    case disabled = 4
    /// 已撤销. Final.
    case cancelled = 5

    /// What happens to a registration.
    enum Event: Sendable, Hashable, CaseIterable {
        case approve, `return`, resubmit, transfer, disable, cancel, registerAgain
    }

    /// 注册: where a first registration starts.
    static let registered = RegistrationPhase.reviewing

    /// The state afterwards; nil when the event is not open here.
    func after(_ event: Event) -> RegistrationPhase? {
        switch (self, event) {
        case (.reviewing, .approve): .approved
        case (.reviewing, .return): .returned
        case (.reviewing, .cancel): .cancelled
        case (.returned, .resubmit): .reviewing
        case (.approved, .transfer): .reviewing
        case (.approved, .disable): .disabled
        case (.disabled, .registerAgain): .reviewing
        default: nil
        }
    }

    /// What registering once more is called in this state; nil when it is not open.
    var registeringAgain: Event? {
        switch self {
        case .returned: .resubmit
        case .disabled: .registerAgain
        case .reviewing, .approved, .cancelled: nil
        }
    }

    /// As the screens say it.
    var label: String {
        switch self {
        case .reviewing: "审核中"
        case .approved: "审核通过"
        case .returned: "退回"
        case .disabled: "已离职/停用"
        case .cancelled: "已撤销"
        }
    }

    /// As it travels.
    var message: Identity.RegistrationState {
        Identity.RegistrationState(rawValue: Int32(rawValue))
    }
}
