import Domain
package import Messages
package import RPC
import Storage

/// What a task list is narrowed by: a `ListTasksRequest` with its faults found.
package struct TaskQuery: Sendable, Hashable {
    /// The most kinds to narrow by.
    package static let mostKinds = 20

    /// 待处理; otherwise 已处理.
    package let isPending: Bool
    /// Empty for every kind.
    package let kinds: Set<String>
    /// A part of the applicant's name, at most 50 characters; "" for everybody.
    package let applicant: String
    /// Milliseconds of the tasks' sort keys, the end excluded; nil when no task can match.
    package let entered: Range<Int64>?
    /// Person id of the holder, "none" for 待领取, "" for all.
    package let claimedBy: String
    /// Person id of the officer whose decisions are wanted; nil for the whole unit's, and for pending tasks.
    package let decidedBy: String?

    /// - Throws: `invalidArgument` that names every fault.
    package init(_ request: Tasks.ListTasksRequest, by officer: Officer) throws(RPCError) {
        try self.init(request, personID: officer.personID)
    }

    /// - Parameter personID: of the caller, for whom `mine` narrows what was processed.
    /// - Throws: `invalidArgument` that names every fault.
    package init(
        _ request: Tasks.ListTasksRequest, personID: String
    ) throws(RPCError) {
        let given = request.filter ?? Tasks.TaskFilter()
        var check = FormCheck()
        applicant = check.text(
            given.applicant, "filter.applicant", "申报人", required: false, longest: 50)
        let from = check.day(given.fromDay, "filter.from_day", "开始日期")
        let to = check.day(given.toDay, "filter.to_day", "结束日期")
        if ![Tasks.TaskView.unspecified, .pending, .processed].contains(request.view) {
            check.fault("view", "视图", "应为待处理或已处理")
        }
        if given.kinds.count > Self.mostKinds {
            check.fault(
                "filter.kinds", "类型", "最多 \(Self.mostKinds) 种，选择了 \(given.kinds.count) 种")
        }
        if given.claimedBy.utf8.count > 64 { check.fault("filter.claimed_by", "领取人", "编号不正确") }
        guard check.faults.isEmpty else {
            throw RPCError(serviceError: Refusal.invalid(check.faults))
        }
        isPending = request.view != .processed
        kinds = Set(given.kinds)
        claimedBy = given.claimedBy
        decidedBy = given.mine && request.view == .processed ? personID : nil
        let start = FormCheck.civilDay(from)?.start.milliseconds ?? .min
        let end = FormCheck.civilDay(to)?.next.start.milliseconds ?? .max
        entered = start < end ? start..<end : nil
    }

    /// Whether it asks for tasks of that kind, of a source whose tasks nobody claims.
    package func wantsUnclaimed(_ kind: String) -> Bool {
        (kinds.isEmpty || kinds.contains(kind)) && (claimedBy.isEmpty || claimedBy == "none")
    }
}
