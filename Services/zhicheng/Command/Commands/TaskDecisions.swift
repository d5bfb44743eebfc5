import ArgumentParser
import ZhichengClient

/// What the decisions have in common.
struct DecisionOptions: ParsableArguments {
    @Argument(help: "The task, as the list names it.")
    var id: String
    @Option(help: "审批意见, at most 2,000 characters.")
    var opinion: String
    @Option(
        help: """
            The version that was seen, so that nothing is decided unseen. Default: the version now.
            """)
    var seenVersion: Int64?
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    private struct Result: Encodable {
        let task, outcome, node: String
        let version: Int64
    }

    /// What an approval with 占用 leaves (Q4), before it is decided.
    private func showVacancies(_ client: PlatformClient) async throws {
        let parts = id.split(separator: ":")
        guard parts.count == 3, parts[0] == "declaration" else { return }
        let detail = try await client.declaration.get(
            Declaration.GetDeclarationRequest(id: String(parts[1])))
        guard let vacancies = detail.vacancies, detail.recommendation?.occupiesPost == true
        else { return }
        Output.note(vacancies.sentence)
    }

    /// Decides, waits for the answer and shows it.
    func decide(
        _ outcome: Common.Outcome, word: String, defects: [String] = [], toApplicant: Bool = false
    ) async throws {
        let reply = try await connection.withPlatform(session: session.token()) { client in
            var seen = seenVersion
            if seen == nil { seen = try await TaskSearch(client).task(id).version }
            if outcome == .approved { try await showVacancies(client) }
            return try await client.tasks.decideAndWait(
                Tasks.DecideRequest(
                    taskID: id, expectedVersion: seen ?? 0, outcome: outcome, opinion: opinion,
                    defects: defects, toApplicant: toApplicant))
        }
        switch reply.state {
        case .refused:
            throw CommandFailure(
                .refused,
                ([reply.message] + [reply.vacancy?.sentence].compactMap { $0 })
                    .joined(separator: "\n  "))
        case .deciding:
            throw CommandFailure(
                .undecided, "仍在办理中，结果稍后见已处理列表 (\(reply.decisionID))")
        default: break
        }
        guard connection.output == .table else {
            return try Output.json(
                Result(task: id, outcome: word, node: reply.node, version: reply.version))
        }
        Output.line("已\(word)" + (reply.node.isEmpty ? "" : "，现在: \(reply.node)"))
    }
}

extension TasksCommand {
    struct ApproveTask: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve", abstract: "通过.",
            discussion: "A declaration needs its 单位推荐意见 first.")
        @OptionGroup var decision: DecisionOptions

        func run() async throws { try await decision.decide(.approved, word: "通过") }
    }

    struct ReturnTask: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "return", abstract: "退回, to be corrected and submitted again.")
        @OptionGroup var decision: DecisionOptions
        @Option(help: "一次性告知: a defect to be corrected. May be given several times.")
        var defect: [String] = []
        @Flag(help: "主管部门: to the applicant instead of the unit.")
        var toApplicant = false

        func run() async throws {
            try await decision.decide(
                .returned, word: "退回", defects: defect, toApplicant: toApplicant)
        }
    }

    struct FailTask: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fail",
            abstract: "未通过: 专家评审 without two thirds, or an objection to its result upheld.")
        @OptionGroup var decision: DecisionOptions

        func run() async throws { try await decision.decide(.failed, word: "评审未通过") }
    }

    struct TerminateTask: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "terminate",
            abstract: "终止. The applicant of a declaration cannot declare again this year.")
        @OptionGroup var decision: DecisionOptions
        @Flag(help: "Do not ask.")
        var yes = false

        func run() async throws {
            if !yes {
                let word = try Prompt().line(Self.question(decision.id), hidden: false)
                guard word == "终止" else { throw CommandFailure(.usage, "没有终止") }
            }
            try await decision.decide(.terminated, word: "终止")
        }

        /// Only a declaration's end keeps its applicant out for the year.
        static func question(_ task: String) -> String {
            (task.hasPrefix("declaration:") ? "终止后申报人本年度不能再申报。" : "终止后不能恢复。")
                + "请输入“终止”确认: "
        }
    }
}
