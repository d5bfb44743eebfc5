import ZhichengClient

// 三、业绩档案, reviewed in 六、任务中心

extension Day {
    /// Applicants file achievements; the unit reviews them in the task centre and returns one.
    func fileAchievements(
        _ yizhong: Office, _ school: Office, _ people: People
    ) async throws {
        stage.chapter("三、业绩档案")
        let project = try await fileItems(people)
        try await showWaiting(yizhong)
        try await reviewItems(yizhong, people, project)
        let item = try await people.teacher.client.file(
            "work_history", CastItems.schoolWorkHistory, evidence: "聘用合同.pdf")
        let verdict = try await school.client.decide(on: item.id, .approved, opinion: "情况属实")
        try stage.hold(
            verdict.node != nil, "\(Cast.school.name) 通过 \(item.kindLabel) \(item.mainName)")
    }

    /// - Returns: the project that the unit will return.
    private func fileItems(_ people: People) async throws -> Archive.Item {
        let own = people.jiaojiao1.client.archive
        let wrong: CastItems.Values = CastItems.education.compactMap { field in
            switch field.key {
            case "school", "degree_date": nil
            case "end": ("end", "2008-12-01")
            default: field
            }
        }
        let draft = try await own.saveItem(
            Archive.SaveItemRequest(kind: "education", values: CastItems.formValues(wrong)))
        try await stage.faults("教育经历", ["毕业院校", "毕业日期", "学位获得日期", "佐证材料"]) {
            _ = try await own.submitItem(
                Archive.SubmitItemRequest(id: draft.id, expectedVersion: draft.version))
        }
        let saved = try await own.saveItem(
            Archive.SaveItemRequest(
                id: draft.id, expectedVersion: draft.version,
                values: CastItems.formValues(CastItems.education)))
        let education = try await people.jiaojiao1.client.submitItem(
            saved.id, evidence: "毕业证书.pdf")
        try stage.hold(education.state == .reviewing, "姣姣1 更正后提交 教育经历 福建大学")
        let project = try await people.jiaojiao1.client.file(
            "project", CastItems.project, evidence: "立项书.pdf")
        _ = try await people.jiaojiao1.client.submitItem(people.draft.id, evidence: "聘书.pdf")
        _ = try await people.jiaojiao2.client.file(
            "education", CastItems.secondEducation, evidence: "毕业证书.pdf")
        _ = try await people.yaojiao2.client.file(
            "work_history", CastItems.workHistory, evidence: "聘书.pdf")
        _ = try await people.yaojiao2.client.file(
            "continuing_education", CastItems.continuingEducation, evidence: "学时证明.pdf")
        return project
    }

    /// 单位首页, the tree, one list and 任务中心 before anything is decided.
    private func showWaiting(_ office: Office) async throws {
        let client = office.client
        try await showHome(client)
        let tree = try await client.archive.getTree(Archive.GetTreeRequest())
        stage.screen("3-1", "业绩管理（全部/已审核）", Table(tree: tree))
        try stage.hold(
            tree.count("education") == [2, 0] && tree.count("work_history") == [2, 0]
                && tree.count("project") == [1, 0], "教育经历(2/0)、工作经历(2/0)、项目业绩(1/0)")
        let list = try await client.archive.listItems(
            Archive.ListItemsRequest(kind: "education"))
        stage.screen(
            "3-2", "教育经历  " + list.tabs.map { "\($0.label)(\($0.count))" }.joined(separator: " "),
            Table(education: list.items))
        try stage.hold(list.total == 2, "两条教育经历审核中")
        let tasks = try await client.tasks.list(Tasks.ListTasksRequest(view: .pending))
        stage.screen("6-1", "任务中心 待处理", Table(tasks: tasks.tasks, processed: false))
        let isSorted = zip(tasks.tasks, tasks.tasks.dropFirst()).allSatisfy {
            $0.sortMs >= $1.sortMs
        }
        try stage.hold(
            tasks.tasks.count == 6 && isSorted && tasks.unavailable.isEmpty,
            "六项业绩待处理，最新的在前，各服务均有应答")
        try stage.hold(Set(tasks.tasks.map(\.id)).count == 6, "没有重复")
    }

    private func reviewItems(
        _ office: Office, _ people: People, _ project: Archive.Item
    ) async throws {
        let client = office.client
        let first = try await client.task(of: project.id)
        let item = try await client.archive.getItem(Archive.GetItemRequest(id: project.id))
        stage.screen(
            "6-2", "审核 详情",
            Table(["项目", "内容"], rows: item.screenValues.map { [$0.label, $0.value] }))
        _ = try await stage.refuses("没有意见不能退回", with: [.invalidArgument]) {
            _ = try await client.tasks.decide(
                Tasks.DecideRequest(
                    taskID: first.id, expectedVersion: first.version, outcome: .returned))
        }
        let returned = try await client.decide(
            on: project.id, .returned, opinion: "请补充主要任务和项目介绍")
        try stage.hold(returned.node != nil, "退回 \(first.title)")
        for task in try await client.tasks.all().reduce(into: [], { $0.append($1) }) {
            let verdict = try await client.decide(
                on: task.objectID, .approved, opinion: "情况属实")
            try stage.hold(verdict.node != nil, "通过 \(task.title)（\(task.applicantName)）")
        }
        try await correct(project, people.jiaojiao1.client)
        _ = try await stage.refuses("过期的任务不能再审核", with: [.aborted, .failedPrecondition]) {
            _ = try await client.tasks.decide(
                Tasks.DecideRequest(
                    taskID: first.id, expectedVersion: first.version, outcome: .approved,
                    opinion: "情况属实"))
        }
        let approved = try await client.decide(on: project.id, .approved, opinion: "已补充，通过")
        try stage.hold(approved.node != nil, "通过再次提交的 \(first.title)")
        let whole = try await client.archive.getItem(Archive.GetItemRequest(id: project.id))
        stage.screen("3-3", "流程 \(whole.mainName)", Table(flow: whole.flow))
        try stage.hold(
            whole.state == .approved && whole.round == 2
                && whole.flow.map(\.action) == ["提交", "退回", "提交", "通过"],
            "流程完整: 提交、退回、提交、通过")
        let tree = try await client.archive.getTree(Archive.GetTreeRequest())
        try stage.hold(
            tree.count("education") == [2, 2] && tree.count("project") == [1, 1],
            "教育经历(2/2)、项目业绩(1/1)")
    }

    /// 姣姣1 reads why it was returned, completes it and submits again.
    private func correct(_ project: Archive.Item, _ applicant: PlatformClient) async throws {
        let seen = try await applicant.archive.getItem(Archive.GetItemRequest(id: project.id))
        try stage.hold(
            seen.state == .returned && seen.flow.last?.opinion == "请补充主要任务和项目介绍",
            "姣姣1 看到退回意见")
        let saved = try await applicant.archive.saveItem(
            Archive.SaveItemRequest(
                id: seen.id, expectedVersion: seen.version,
                values: CastItems.formValues(CastItems.project + CastItems.projectCompletion)))
        _ = try await applicant.archive.submitItem(
            Archive.SubmitItemRequest(id: saved.id, expectedVersion: saved.version))
    }

    /// 单位首页.
    func showHome(_ client: PlatformClient) async throws {
        let home = try await client.tasks.home(Tasks.HomeRequest())
        let counts = home.counts ?? Tasks.CountTasksReply()
        stage.screen(
            "2-1", "单位首页 待审核信息 / 审核统计情况",
            Table(counts: counts))
        stage.screen(
            "2-1", "最新职称信息",
            Table(["标题", "发布日期"], rows: home.news.map { [$0.title, day($0.publishedMs)] }))
        try stage.hold(home.news.map(\.title) == [Cast.news.title], "首页显示最新职称信息")
    }
}

extension Archive.GetTreeReply {
    /// 全部 and 已审核 of a kind.
    func count(_ kind: String) -> [Int64] {
        let item = categories.flatMap(\.items).first { $0.kind == kind }
        return item.map { [$0.total, $0.reviewed] } ?? []
    }
}

extension Table {
    /// The left side of screen 3-1: the kinds that have something.
    init(tree: Archive.GetTreeReply) {
        self.init(["分类", "业绩项（全部/已审核）"])
        for category in tree.categories {
            let items = category.items.filter { $0.total > 0 }
                .map { "\($0.label)(\($0.total)/\($0.reviewed))" }
            rows.append([category.label, items.joined(separator: " ")])
        }
    }

    /// Screen 3-2.
    init(education items: [Archive.Item]) {
        self.init(["序号", "申报人", "毕业院校", "起止日期", "获得学历", "获得学位", "申报日期", "状态"])
        for (index, item) in items.enumerated() {
            rows.append(
                ["\(index + 1)", item.applicantName] + item.listCells
                    + [day(item.submittedMs), item.stateLabel])
        }
    }
}
