import Messages

extension DeclarationPhase {
    /// The state as callers see it.
    var message: Declaration.DeclarationState {
        Declaration.DeclarationState(rawValue: Int32(rawValue))
    }

    /// 流程节点: who has it. Empty once it is over.
    var node: String {
        switch self {
        case .draft, .returnedToApplicant: "申报人"
        case .unitPool, .unitReview, .unitPublicity, .returnedToUnit: "单位审核"
        case .superiorReview: "主管部门审核"
        case .committeeCheck: "评委会审核"
        case .expertReview: "专家评审"
        case .resultPublicity: "评后公示"
        case .passed, .failed, .terminated, .withdrawn, .lapsed: ""
        }
    }

    /// 状态, unless a decision waits for quota.
    var status: String {
        switch self {
        case .draft: "草稿"
        case .unitPool: "待领取"
        case .unitPublicity: "公示中"
        case .unitReview, .superiorReview, .committeeCheck, .expertReview: "审核中"
        case .resultPublicity: "公示中"
        case .returnedToApplicant: "退回"
        case .returnedToUnit: "被退回"
        case .terminated: "终止"
        case .passed: "评审通过"
        case .failed: "评审未通过"
        case .withdrawn: "已撤回"
        case .lapsed: "逾期失效"
        }
    }
}

/// 申报级别: the five title levels (code table `title_levels`).
enum TitleLevel: String, CaseIterable, Sendable {
    case seniorFull = "正高级"
    case seniorAssociate = "副高级"
    case intermediate = "中级"
    case assistant = "助理级"
    case technician = "员级"

    /// The level of post approvals that it takes a vacancy of; 初级 covers 助理级 and 员级.
    var quota: Common.QuotaLevel {
        switch self {
        case .seniorFull: .seniorFull
        case .seniorAssociate: .seniorAssociate
        case .intermediate: .intermediate
        case .assistant, .technician: .junior
        }
    }

    /// What plans say for both lower levels (screen 4-1).
    static let junior = "初级"

    /// The names that a plan may list.
    static let planNames: Set<String> = Set(allCases.map(\.rawValue)).union([junior])

    /// Whether a plan that lists `levels` takes declarations of this level.
    func isCovered(by levels: [String]) -> Bool {
        levels.contains(rawValue)
            || ((self == .assistant || self == .technician) && levels.contains(Self.junior))
    }
}
