import ZhichengClient

// 六、任务中心 已处理

extension Day {
    /// What the unit decided today.
    func lookBack(_ office: Office) async throws {
        stage.chapter("六、任务中心: 已处理")
        let client = office.client
        let processed = try await client.tasks.all(.processed, pageSize: 4)
            .reduce(into: [Tasks.Task]()) { $0.append($1) }
        stage.screen("6-1", "任务中心 已处理", Table(tasks: processed, processed: true))
        // Three registrations, six items of which one was decided twice, two declarations.
        try stage.hold(
            processed.count == 12 && Set(processed.map(\.id)).count == 12,
            "十二次审核都在已处理中，分页没有遗漏和重复")
        try stage.hold(
            processed.count { $0.outcome == .returned } == 1
                && processed.allSatisfy { !$0.opinion.isEmpty && !$0.decidedByName.isEmpty },
            "一次退回，其余通过，均有意见和审核人")
        let counts = try await client.tasks.count(Tasks.CountTasksRequest())
        try stage.hold(
            counts.pending == 0 && counts.processed == 12, "待处理 0，已处理 12，与列表一致")
        try await showHome(client)
        let list = try await client.declaration.list(
            Declaration.ListDeclarationsRequest(view: .reviewed))
        let tabs = list.views.map { "\($0.label)(\($0.count))" }.joined(separator: " ")
        stage.screen("4-1", "申报情况  \(tabs)", Table(declarations: list.rows))
        try stage.hold(
            list.total == 2 && list.rows.allSatisfy { $0.node == "主管部门审核" },
            "两份申报已审核，在主管部门")
    }
}
