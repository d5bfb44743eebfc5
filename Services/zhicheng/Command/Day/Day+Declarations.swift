import ZhichengClient

// 四、职称申报

extension Day {
    /// Three persons declare; the record of 福州市第一中学 has room for one of its two.
    func declare(
        _ yizhong: Office, _ school: Office, _ people: People, _ plans: Plans
    ) async throws {
        stage.chapter("四、职称申报")
        try await showPlans(yizhong.client)
        let first = try await people.yaojiao2.client.declare(plans.engineering, Cast.engineer)
        let second = try await people.jiaojiao1.client.declare(plans.engineering, Cast.engineer)
        let other = try await people.teacher.client.declare(plans.engineering, Cast.engineer)
        _ = try await stage.refuses(
            "同一年度不能再申报", with: [.failedPrecondition, .alreadyExists]
        ) {
            _ = try await people.yaojiao2.client.declare(plans.engineering, Cast.engineer)
        }
        try await showDeclarations(yizhong.client, first)
        try await recommendFirst(yizhong.client, first)
        try await recommendSecond(yizhong.client, second)
        try await recommendWithoutLimit(school.client, other)
    }

    private func showPlans(_ client: PlatformClient) async throws {
        let plans = try await client.declaration.listPlans(
            Declaration.ListPlansRequest(year: Cast.year))
        stage.screen("4-1", "评审计划", Table(plans: plans.plans))
        try stage.hold(plans.total == 2, "2022 年度有两个评审计划")
    }

    private func showDeclarations(
        _ client: PlatformClient, _ first: Declaration.DeclarationRow
    ) async throws {
        let list = try await client.declaration.list(
            Declaration.ListDeclarationsRequest(view: .pending))
        let tabs = list.views.map { "\($0.label)(\($0.count))" }.joined(separator: " ")
        stage.screen("4-1", "申报情况  \(tabs)", Table(declarations: list.rows))
        try stage.hold(
            list.total == 2 && list.rows.allSatisfy { $0.node == "单位审核" },
            "两份申报待单位审核；其他单位的申报不在列表中")
        let detail = try await client.declaration.get(
            Declaration.GetDeclarationRequest(id: first.id))
        stage.screen(
            "4-2", "申报情况 详情",
            Table(["项目", "内容"], rows: detail.screenValues.map { [$0.label, $0.value] }))
        stage.screen(
            "4-2", "栏目",
            Table(
                ["栏目", "条数", "内容"],
                rows: detail.sections.map { section in
                    [
                        section.label, "\(section.rows.count)",
                        section.rows.map(\.mainValue).joined(separator: "；"),
                    ]
                }))
        try stage.hold(
            detail.quotaRequired && detail.quotaLevel == .intermediate
                && detail.sections.contains { $0.label == "工作经历" && $0.rows.count == 1 },
            "已审核的业绩写入申报，须说明是否占用中级职数")
    }

    /// 姚姣2: recommended with an occupied post.
    private func recommendFirst(
        _ client: PlatformClient, _ row: Declaration.DeclarationRow
    ) async throws {
        try await vacancies(client, "推荐之前", approved: 1, recommended: 0)
        let early = try await client.decideOrRefuse(on: row.id, opinion: "同意推荐")
        try stage.hold(early != nil, "没有单位推荐意见不能通过: \(early ?? "")")
        try await client.recommend(row.id, occupiesPost: true, note: "岗位空缺，占用一个中级职数")
        let detail = try await client.declaration.get(
            Declaration.GetDeclarationRequest(id: row.id))
        stage.screen("4-3", "单位推荐意见", Table(recommendation: detail.recommendation))
        try stage.hold(
            detail.vacancies?.afterThis == 0 && detail.vacancies?.afterAll == -1,
            "通过之前可见 \(detail.vacancies?.sentence ?? "空缺数")")
        let verdict = try await client.decide(on: row.id, .approved, opinion: "同意推荐")
        try stage.hold(verdict.node == "主管部门审核", "通过 \(row.applicantName)，进入主管部门审核")
        try await vacancies(client, "推荐之后", approved: 1, recommended: 1)
    }

    /// 姣姣1: no vacancy is left; without a post she may be recommended.
    private func recommendSecond(
        _ client: PlatformClient, _ row: Declaration.DeclarationRow
    ) async throws {
        try await client.recommend(row.id, occupiesPost: true, note: "拟占用一个中级职数")
        let verdict = try await client.decide(on: row.id, .approved, opinion: "同意推荐")
        guard case .refused(let message, let facts) = verdict else {
            return try stage.hold(false, "没有空缺时占用职数被拒绝")
        }
        try stage.hold(true, "\(row.applicantName) 占用职数被拒绝: \(message)")
        try stage.hold(
            facts?.year == Cast.year && facts?.level == .intermediate && facts?.approved == 1
                && facts?.recommended == 1, facts?.sentence ?? "拒绝时说明了核准数和已推荐数")
        let waiting = try await client.task(of: row.id)
        try stage.hold(waiting.objectID == row.id, "申报仍在待处理中（\(waiting.stateLabel)）")
        try await vacancies(client, "拒绝之后", approved: 1, recommended: 1)
        try await client.recommend(row.id, occupiesPost: false, note: "不占用本单位职数")
        let without = try await client.decide(on: row.id, .approved, opinion: "同意推荐，不占用职数")
        try stage.hold(without.node == "主管部门审核", "不占用职数，通过 \(row.applicantName)")
        try await vacancies(client, "不占用职数的推荐之后", approved: 1, recommended: 1)
    }

    /// 陈演示 of the school, whose record says 不限.
    private func recommendWithoutLimit(
        _ client: PlatformClient, _ row: Declaration.DeclarationRow
    ) async throws {
        try await client.recommend(row.id, occupiesPost: true, note: "占用一个中级职数")
        let verdict = try await client.decide(on: row.id, .approved, opinion: "同意推荐")
        try stage.hold(verdict.node == "主管部门审核", "\(Cast.school.name) 通过 \(row.applicantName)")
        try await vacancies(client, "\(Cast.school.name)", approved: nil, recommended: 1)
    }

    /// - Parameter approved: of 中级; nil = 不限.
    private func vacancies(
        _ client: PlatformClient, _ moment: String, approved: Int64?, recommended: Int64
    ) async throws {
        let reply = try await client.quota.getVacancies(
            Quota.GetVacanciesRequest(year: Cast.year))
        stage.screen("7-3", "空缺 \(moment)", Table(vacancies: reply))
        let level = reply.levels.first { $0.level == .intermediate }
        let isRight =
            level.map {
                $0.unlimited == (approved == nil) && $0.approved == (approved ?? 0)
                    && $0.reserved + $0.consumed == recommended
                    && $0.remaining == (approved.map { $0 - recommended } ?? 0)
            } ?? false
        let words = approved.map { "核准 \($0)，剩余 \($0 - recommended)" } ?? "仍为不限"
        try stage.hold(isRight, "中级已推荐 \(recommended)，\(words)")
    }
}

extension PlatformClient {
    /// Why an approval is refused, by the call's error or by its outcome; nil when it is not.
    fileprivate func decideOrRefuse(on object: String, opinion: String) async throws -> String? {
        do {
            guard
                case .refused(let message, _) = try await decide(
                    on: object, .approved, opinion: opinion)
            else { return nil }
            return message
        } catch let error as RPCError where error.code == .invalidArgument {
            return ([error.message] + error.fieldViolations.map(\.label)).joined(separator: " ")
        }
    }
}

extension Declaration.SectionRow {
    /// What names the row: an archive item's first value after its kind.
    fileprivate var mainValue: String {
        values.dropFirst(itemID.isEmpty ? 0 : 1).first?.value ?? ""
    }
}
