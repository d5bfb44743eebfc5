import ArgumentParser
import ZhichengClient

// What applicants, committees and the HR department do with a declaration.

extension DeclarationsCommand {
    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "撤回, by the applicant: no ban, the vacancy is given back.")

        @OptionGroup var one: OneDeclaration
        @Option(help: "撤回原因, at most 500 characters.")
        var reason = ""

        func run() async throws {
            try await one.change("已撤回") { client, row in
                try await client.declaration.withdraw(
                    Declaration.WithdrawRequest(
                        id: row.id, expectedVersion: row.version, reason: reason)
                ).row
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a draft.")

        @OptionGroup var one: OneDeclaration

        func run() async throws {
            try await one.withPlatform { client in
                let row = try await client.declaration.get(
                    Declaration.GetDeclarationRequest(id: one.id)
                ).row
                _ = try await client.declaration.deleteDraft(
                    Declaration.DeleteDraftRequest(
                        id: one.id, expectedVersion: row?.version ?? 0))
            }
            if one.connection.output == .table { Output.line("草稿已删除") }
        }
    }

    struct Vote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "专家表决结果, by the committee; 通过 or 未通过 follows it.")

        @OptionGroup var one: OneDeclaration
        @Option(help: "出席人数, 1 to 1000.")
        var present: UInt32
        @Option(help: "赞成人数.")
        var inFavour: UInt32

        private struct Result: Encodable {
            let present, inFavour: UInt32
            let passes: Bool
        }

        func run() async throws {
            let votes = try await one.withPlatform { client in
                try await client.declaration.saveVotes(
                    Declaration.SaveVotesRequest(
                        id: one.id, present: present, inFavour: inFavour))
            }
            guard one.connection.output == .table else {
                return try Output.json(
                    Result(
                        present: votes.present, inFavour: votes.inFavour, passes: votes.passes))
            }
            Output.line(
                "出席 \(votes.present)，赞成 \(votes.inFavour)，"
                    + (votes.passes ? "达到三分之二" : "不足三分之二"))
        }
    }

    struct LiftBan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "解除年度禁报, by the HR department, of a terminated declaration's applicant.")

        @OptionGroup var one: OneDeclaration
        @Option(help: "解除原因, at most 500 characters.")
        var reason: String

        func run() async throws {
            _ = try await one.withPlatform { client in
                try await client.declaration.liftBan(
                    Declaration.LiftBanRequest(declarationID: one.id, reason: reason))
            }
            if one.connection.output == .table { Output.line("已解除年度禁报") }
        }
    }
}

extension Output {
    /// What a resubmission changed, and the defects that an earlier return could have raised.
    static func resubmission(_ detail: Declaration.DeclarationDetail) {
        if !detail.differences.isEmpty {
            line("\n与上次提交的差异")
            table(
                Table(
                    ["栏目", "项目", "原", "现"],
                    rows: detail.differences.map { [$0.section, $0.label, $0.before, $0.after] }))
        }
        let late = detail.raisedDefects.filter(\.visibleBefore)
        guard !late.isEmpty else { return }
        line("\n上次退回时已可发现")
        for defect in late { line("- \(defect.text)（第 \(defect.round) 轮，\(defect.node)）") }
    }
}
