import ZhichengClient

// 业绩档案 of one person: drafts by import, evidence, submission, review, requests to have items back.

extension Simulation {
    /// A submitted item.
    private struct Submitted: Sendable {
        let item: SimulatedItem
        let id: String
        let task: Tasks.BatchTask
    }

    func file(_ applicant: Applicant, _ office: Office) async throws {
        let account = applicant.simulated.person.account
        let items = world.items(of: applicant.simulated)
        try await importDrafts(items, applicant)
        let ids = try await drafts(of: applicant)
        let submitted = try await concurrently(
            Array(items.enumerated()), atMost: Self.callsPerFiler
        ) { index, item in
            guard let id = ids["\(item.kind)/\(item.mainName)"] else {
                throw SimulationFailure("\(account) has no draft \(item.kind) \(index)")
            }
            return try await submit(item, id, applicant, "\(account)/item/\(index)")
        }
        try await review(submitted, applicant, office)
    }

    /// The ids of what the person has filed, by kind and main name.
    private func drafts(of applicant: Applicant) async throws -> [String: String] {
        var ids: [String: String] = [:]
        for try await row in applicant.client.archive.allItems(pageSize: 200) {
            ids["\(row.kind)/\(row.mainName)"] = row.id
        }
        return ids
    }

    /// One call for each kind.
    private func importDrafts(_ items: [SimulatedItem], _ applicant: Applicant) async throws {
        let kinds = Array(Dictionary(grouping: items, by: \.kind))
        _ = try await concurrently(kinds, atMost: Self.callsPerFiler) { kind, items in
            try await applicant.client.archive.importItems(
                Archive.ImportItemsRequest(
                    kind: kind, fields: items[0].values.map(\.key),
                    rows: items.map { Common.ImportRow(cells: $0.values.map(\.value)) }),
                options: step("\(applicant.simulated.person.account)/import/\(kind)"))
        }
    }

    private func submit(
        _ item: SimulatedItem, _ id: String, _ applicant: Applicant, _ name: String
    ) async throws -> Submitted {
        if let evidence = item.evidence {
            _ = try await applicant.client.archive.uploadEvidence(
                Archive.UploadEvidenceRequest(
                    itemID: id, file: CastItems.pdf(named: evidence, showing: name)),
                options: step("\(name)/evidence"))
        }
        // A new draft's version; a repeat of the request is answered as the first one was.
        let row = try await applicant.client.archive.submitItem(
            Archive.SubmitItemRequest(id: id, expectedVersion: 1), options: step("\(name)/submit"))
        progress.add(tasks: 1)
        return Submitted(
            item: item, id: id,
            task: Tasks.BatchTask(taskID: row.taskID, expectedVersion: row.version))
    }

    private func review(
        _ submitted: [Submitted], _ applicant: Applicant, _ office: Office
    ) async throws {
        let decisions: [(SimulatedItem.Fate, Common.Outcome, String)] = [
            (.approved, .approved, "情况属实"), (.returned, .returned, "材料不完整，请补充后重新提交"),
            (.terminated, .terminated, "与本人申报专业无关，不予采纳"),
        ]
        _ = try await concurrently(decisions, atMost: decisions.count) { fate, outcome, opinion in
            let chosen = submitted.filter { $0.item.fate == fate }
            let versions = try await decide(chosen.map(\.task), outcome, opinion, by: office)
            guard fate == .approved else { return }
            for (one, version) in zip(chosen, versions) {
                guard let withdrawal = one.item.withdrawal else { continue }
                try await ask(for: one, version, withdrawal, applicant, office)
            }
        }
    }

    /// 撤回申请.
    private func ask(
        for one: Submitted, _ version: Int64, _ wanted: SimulatedItem.Withdrawal,
        _ applicant: Applicant, _ office: Office
    ) async throws {
        let request = try await applicant.client.archive.requestWithdrawal(
            Archive.RequestWithdrawalRequest(
                itemID: one.id, expectedVersion: version, reason: "填写有误，需要更正"),
            options: step("withdrawal/\(one.id)"))
        progress.add(tasks: 1)
        let task = Tasks.BatchTask(
            taskID: request.taskID, expectedVersion: request.version)
        switch wanted {
        case .granted: try await decide([task], .approved, "同意撤回更正", by: office)
        case .refused: try await decide([task], .returned, "材料无误，不同意撤回", by: office)
        case .waits: break
        }
    }
}
