package import Messages
package import Storage

// What every `TaskSource` needs of a decision.

extension Tasks.DecideReply: StorableReply {}

extension Common.Outcome {
    /// 通过, 退回, 终止, 未通过: the button, and the action in a flow. "" for no outcome.
    package var label: String {
        switch self {
        case .approved: "通过"
        case .returned: "退回"
        case .terminated: "终止"
        case .failed: "未通过"
        default: ""
        }
    }
}

extension FormCheck {
    /// The longest opinion with its checklist, in characters.
    package static let longestOpinion = 2_000

    /// The required 审批意见. The flow shows the checklist of a return (一次性告知, D8) below it, a line each.
    package mutating func opinion(of request: Tasks.DecideRequest) -> String {
        let opinion = text(
            request.opinion, "opinion", "审批意见", required: true, longest: Self.longestOpinion,
            hasLines: true)
        guard !request.defects.isEmpty else { return opinion }
        guard request.outcome == .returned else {
            fault("defects", "一次性告知", "只有退回可以附一次性告知")
            return opinion
        }
        return text(
            ([opinion] + request.defects.prefix(Self.longestOpinion)).joined(separator: "\n"),
            "defects", "一次性告知", required: true, longest: Self.longestOpinion, hasLines: true)
    }

    /// What a decision asks for, with every fault named.
    /// - Parameters:
    ///   - events: what each outcome does that the task knows.
    ///   - otherwise: for an outcome that it does not know, which they are.
    package static func checked<Event>(
        _ request: Tasks.DecideRequest, _ events: KeyValuePairs<Common.Outcome, Event>,
        otherwise: String
    ) throws(Refusal) -> (event: Event, opinion: String) {
        var check = FormCheck()
        let opinion = check.opinion(of: request)
        let event = events.first { $0.key == request.outcome }?.value
        if event == nil { check.fault("outcome", "审核结果", otherwise) }
        try check.finish()
        guard let event else { preconditionFailure("an outcome without a fault has an event") }
        return (event, opinion)
    }
}
