import ArgumentParser
import ZhichengClient

struct TasksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract:
            "任务中心: everything that waits for the signed-in unit (or the superiors, the committee).",
        subcommands: [
            List.self, Show.self, ApproveTask.self, ReturnTask.self, FailTask.self,
            TerminateTask.self, Batch.self, Remind.self, Filters.self, Watch.self,
        ], defaultSubcommand: List.self)
}

extension TasksCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "待处理, or 已处理 with --processed; newest first.")

        @Flag(help: "已处理: what the unit decided.")
        var processed = false
        @Flag(help: "With --processed: only what the signed-in officer decided.")
        var mine = false
        @Flag(help: "Only what is overdue (逾期).")
        var overdue = false
        @Option(help: "By a saved filter, instead of the other flags.")
        var saved: String?
        @Option(
            help: """
                Only this kind: registration, archive_item, withdrawal, declaration. \
                May be given several times.
                """)
        var kind: [String] = []
        @Option(help: "Only applicants with this in their name.")
        var applicant = ""
        @Option(help: "First day of entering review, 2022-04-12.")
        var from = ""
        @Option(help: "Last day of entering review.")
        var to = ""
        @OptionGroup var most: RowLimit
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let given = Tasks.SavedFilter(
                view: processed ? .processed : .pending,
                filter: Tasks.TaskFilter(
                    kinds: kind, applicant: applicant, fromDay: from, toDay: to, mine: mine,
                    overdue: overdue))
            let (isProcessed, found) = try await connection.withPlatform(
                session: session.token()
            ) { client in
                var wanted = given
                if let saved { wanted = try await Filters.saved(saved, client) }
                return (
                    wanted.view == .processed,
                    try await TaskSearch(client).rows(
                        wanted.view, wanted.filter ?? Tasks.TaskFilter(), limit: most.limit)
                )
            }
            if connection.output == .json {
                try Output.json(found.tasks.map(TaskRow.init))
            } else {
                Output.table(Table(tasks: found.tasks, processed: isProcessed, ids: true))
                if found.tasks.isEmpty { Output.note(isProcessed ? "还没有已处理的任务" : "没有待处理的任务") }
                if found.hasMore { Output.note("只显示前 \(most.limit) 条，更多请用 --limit") }
            }
            for state in found.unavailable {
                Output.note("\(state.source) 没有响应，列表可能不全: \(state.message)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "详情 and 流程 of one task.")

        @Argument(help: "The task, as the list names it.")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let (task, detail) = try await connection.withPlatform(session: session.token()) {
                client in
                let task = try await TaskSearch(client).task(id)
                return (task, try await TaskDetail(of: task, client))
            }
            guard connection.output == .table else {
                return try Output.json(TaskDetail.Document(task: TaskRow(task), detail))
            }
            Output.line("\(task.kindLabel) \(task.title) （\(task.stateLabel)）")
            Output.table(Table(["项目", "内容"], rows: detail.values.map { [$0.label, $0.value] }))
            Output.line("\n流程")
            Output.table(Table(flow: detail.flow))
        }
    }
}

/// A task for programs.
struct TaskRow: Encodable {
    let id, source, kind, title, applicant, state, node, claimedBy: String
    let outcome, opinion, decidedBy: String
    let dueDay: String
    let enteredMs, decidedMs, version: Int64
    let stale, overdue: Bool

    init(_ task: Tasks.Task) {
        id = task.id
        source = task.source
        kind = task.kind
        title = task.title
        applicant = task.applicantName
        state = task.stateLabel
        node = task.node
        claimedBy = task.claimedByName
        outcome = task.outcomeLabel
        opinion = task.opinion
        decidedBy = task.decidedByName
        enteredMs = task.sortMs
        decidedMs = task.decidedMs
        version = task.version
        stale = task.stale
        dueDay = task.dueDay
        overdue = task.overdue
    }
}

extension Table {
    /// Screen 6-1.
    /// - Parameter ids: with the tasks' ids, for the commands that decide.
    init(tasks: [Tasks.Task], processed: Bool, ids: Bool = false) {
        var columns = ["序号", "类型", "申报内容", "申报人", "提交时间", "流程节点", "状态"]
        columns += processed ? ["审核结果", "审批意见", "审核人", "审核时间"] : ["领取人"]
        self.init(columns + (ids ? ["任务"] : []))
        for (index, task) in tasks.enumerated() {
            var row = [
                "\(index + 1)", task.kindLabel, task.title, task.applicantName,
                minute(task.sortMs), task.node,
                task.stateLabel + (task.overdue ? "（逾期）" : "") + (task.stale ? "（可能已过时）" : ""),
            ]
            row +=
                processed
                ? [task.outcomeLabel, task.opinion, task.decidedByName, minute(task.decidedMs)]
                : [task.claimedByName]
            rows.append(row + (ids ? [task.id] : []))
        }
    }

    /// The tab 流程.
    init(flow: [Common.FlowStep]) {
        self.init(["流程节点", "操作", "操作人", "意见", "时间"])
        rows = flow.map { [$0.node, $0.action, $0.actorName, $0.opinion, minute($0.atMs)] }
    }
}
