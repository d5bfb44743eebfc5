import Messages

/// Where a request to have an approved item back stands: machine "withdrawal_request".
enum WithdrawalPhase: Int64, Sendable, Hashable, CaseIterable {
    /// 待处理. → granted, refused, cancelled
    case pending = 1
    /// 已同意: the item went back to the applicant. Final.
    case granted = 2
    /// 已驳回: the item stays as it is. Final.
    case refused = 3
    /// 已取消 by the applicant. Final.
    case cancelled = 4

    /// What happens to a request.
    enum Event: Sendable, Hashable, CaseIterable {
        case grant, refuse, cancel
    }

    /// Where a new request starts.
    static let new = WithdrawalPhase.pending

    /// The state afterwards; nil when the event is not open here.
    func after(_ event: Event) -> WithdrawalPhase? {
        switch (self, event) {
        case (.pending, .grant): .granted
        case (.pending, .refuse): .refused
        case (.pending, .cancel): .cancelled
        default: nil
        }
    }

    /// As the screens say it.
    var label: String {
        switch self {
        case .pending: "待处理"
        case .granted: "已同意"
        case .refused: "已驳回"
        case .cancelled: "已取消"
        }
    }

    /// The name of the tab.
    var view: String {
        switch self {
        case .pending: "pending"
        case .granted: "granted"
        case .refused: "refused"
        case .cancelled: "cancelled"
        }
    }

    /// As it travels.
    var message: Archive.WithdrawalState { Archive.WithdrawalState(rawValue: Int32(rawValue)) }
}
