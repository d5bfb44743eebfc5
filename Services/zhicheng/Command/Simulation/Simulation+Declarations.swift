import ZhichengClient

// 职称申报: from the draft until it has left the unit. Each step looks at the state that is there.

extension Simulation {
    /// Archive items that a declaration refers to, at most.
    private static let mostItems = 5

    /// - Returns: the declaration's id, and how far it is to go; nil for somebody who declares nothing.
    func declare(
        _ applicant: Applicant, _ office: Office, _ stage: Stage
    ) async throws -> (String, Ending)? {
        let person = applicant.simulated
        guard let declaration = person.declaration else { return nil }
        let client = applicant.client.declaration
        var row: Declaration.DeclarationRow
        if let found = try await own(applicant.client) {
            row = found
        } else {
            let plan = stage.plan(of: declaration)
            let number = stage.plans.firstIndex { $0.id == plan.id } ?? 0
            let draft = try await client.saveDraft(
                Declaration.SaveDraftRequest(
                    planID: plan.id, application: application(person, plan: number),
                    itemIDs: try await chosenItems(applicant)),
                options: step("\(person.person.account)/draft"))
            row = draft.row ?? Declaration.DeclarationRow()
        }
        if row.state == .draft, declaration.ending != .draft {
            let submitted = try await client.submit(
                Declaration.SubmitRequest(id: row.id, expectedVersion: row.version),
                options: step("\(person.person.account)/submit/\(row.version)"))
            progress.add(tasks: 1)
            row = submitted.row ?? row
        }
        if row.state == .unitPool, declaration.ending == .withdrawn {
            _ = try await client.withdraw(
                Declaration.WithdrawRequest(
                    id: row.id, expectedVersion: row.version, reason: "材料需要重新准备"),
                options: step("\(person.person.account)/withdraw/\(row.version)"))
        } else if row.state == .unitPool || row.state == .unitReview {
            try await decide(row.id, applicant, declaration.ending, office)
        }
        progress.add(declarations: 1)
        return (row.id, declaration.ending)
    }

    /// The person's declaration; a person makes one.
    func own(_ client: PlatformClient) async throws -> Declaration.DeclarationRow? {
        for try await row in client.declaration.all(pageSize: 10) { return row }
        return nil
    }

    private func chosenItems(_ applicant: Applicant) async throws -> [String] {
        let approved = try await applicant.client.archive.listItems(
            Archive.ListItemsRequest(
                state: .approved, page: Common.PageRequest(size: UInt32(Self.mostItems))))
        return approved.items.map(\.id)
    }

    /// What the unit does with it.
    private func decide(
        _ id: String, _ applicant: Applicant, _ ending: Ending, _ office: Office
    ) async throws {
        let client = office.client.declaration
        guard ending != .pool, ending != .draft else { return }
        var row = try await seen(id, office)
        if row.state == .unitPool {
            row =
                try await client.claim(
                    Declaration.ClaimRequest(id: id, expectedVersion: row.version)
                ).row ?? row
        }
        switch ending {
        case .claimed: return
        case .publicity:
            _ = try await client.openNotice(
                Declaration.OpenNoticeRequest(id: id, expectedVersion: row.version))
        case .returned, .lapsed:
            try await office.client.settle(
                row.taskID, row.version, .returned, "材料不完整，请补正",
                defects: ["缺少近三年继续教育证明", "工作总结未签字"])
        case .terminated:
            try await office.client.settle(
                row.taskID, row.version, .terminated, "所报材料与事实不符")
        default:
            let person = applicant.simulated
            try await office.client.recommend(
                id,
                occupiesPost: office.unit.isPublicInstitution ? occupiesPost(person) : nil,
                note: office.unit.isPublicInstitution ? "经单位研究决定" : "")
            row = try await seen(id, office)
            try await office.client.settle(row.taskID, row.version, .approved, "同意推荐")
        }
    }

    /// As the unit sees it.
    private func seen(
        _ id: String, _ office: Office
    ) async throws -> Declaration.DeclarationRow {
        try await office.client.declaration.get(Declaration.GetDeclarationRequest(id: id)).row
            ?? Declaration.DeclarationRow()
    }
}

extension PlatformClient {
    /// Decides one task, and waits while other services are asked.
    func settle(
        _ task: String, _ version: Int64, _ outcome: Common.Outcome, _ opinion: String,
        defects: [String] = []
    ) async throws {
        let reply = try await tasks.decideAndWait(
            Tasks.DecideRequest(
                taskID: task, expectedVersion: version, outcome: outcome, opinion: opinion,
                defects: defects), within: .seconds(120))
        guard reply.state == .done else { throw SimulationFailure("\(task): \(reply.message)") }
    }
}
