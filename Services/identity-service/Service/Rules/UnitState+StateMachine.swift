/// Where a unit stands: machine "unit_registration".
enum UnitState: String, Sendable, Hashable, CaseIterable {
    /// 闽政通 vouches for the unit, nothing is stored yet. → incomplete
    case ssoAuthenticated = "sso_authenticated"
    /// Known by its first login; only 完善单位详细信息 is open. → active
    case incomplete
    /// → active, suspended, merged
    case active
    /// → active, merged
    case suspended
    /// Final.
    case merged

    /// What happens to a unit.
    enum Event: Sendable, Hashable, CaseIterable {
        case firstLogin, submit, editProfile, changeAgent, suspend, resume, merge
    }

    /// A built-in unit starts here: an operator filed it with its details.
    static let builtIn = UnitState.active

    /// The state afterwards; nil when the event is not open here.
    func after(_ event: Event) -> UnitState? {
        switch (self, event) {
        case (.ssoAuthenticated, .firstLogin): .incomplete
        case (.incomplete, .submit): .active
        case (.active, .editProfile), (.active, .changeAgent): .active
        case (.active, .suspend): .suspended
        case (.suspended, .resume): .active
        case (.active, .merge), (.suspended, .merge): .merged
        default: nil
        }
    }

    /// For a person.
    var label: String {
        switch self {
        case .ssoAuthenticated, .incomplete: "尚未完善信息"
        case .active: "正常"
        case .suspended: "已停用"
        case .merged: "已合并"
        }
    }

    /// Whether its officers may sign in.
    var admitsOfficers: Bool { self == .incomplete || self == .active }
}
