import ArgumentParser
import ZhichengClient

struct ArchiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "业绩档案: the items of the signed-in unit, or of the signed-in applicant.",
        discussion:
            "Items that wait are decided with `zhicheng tasks`, many at once with `tasks batch`.",
        subcommands: [
            Tree.self, List.self, Show.self, Save.self, Attach.self, Submit.self, Retract.self,
            Download.self, Versions.self, Diff.self, Withdrawals.self, Withdraw.self,
            CancelWithdrawal.self,
        ], defaultSubcommand: List.self)
}

extension ArchiveCommand {
    /// The tabs of a list.
    enum Tab: String, ExpressibleByArgument, CaseIterable {
        case all, reviewing, approved, returned, terminated, draft

        var state: Archive.ItemState {
            switch self {
            case .all: .unspecified
            case .reviewing: .reviewing
            case .approved: .approved
            case .returned: .returned
            case .terminated: .terminated
            case .draft: .draft
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The items, newest first, of one kind or of all.")

        @Option(help: "Only this kind: education, work_history, paper …")
        var kind = ""
        @Option(help: "Only with this in the applicant's or the item's name.")
        var search = ""
        @Option(help: "The tab: all, reviewing, approved, returned, terminated, draft.")
        var state = Tab.all
        @OptionGroup var most: RowLimit
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let items = try await connection.withPlatform(session: session.token()) { client in
                try await most.first {
                    client.archive.allItems(
                        kind: kind, search: search, state: state.state, pageSize: $0)
                }
            }
            guard connection.output == .table else {
                return try Output.json(items.map(ItemRow.init))
            }
            Output.table(Table(items: items))
            if items.isEmpty { Output.note("没有符合条件的业绩") }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "详情 and 流程 of an item, and what changed since it was returned.")

        @OptionGroup var item: OneItem
        @Option(help: "The submission to show, from 1; 0 = the item as it is now.")
        var round: Int64 = 0

        func run() async throws {
            let found = try await item.get(round: round)
            guard item.connection.output == .table else {
                return try Output.json(ItemDocument(found))
            }
            Output.line("\(found.kindLabel) \(found.mainName) （\(found.stateLabel)）")
            Output.table(
                Table(["项目", "内容"], rows: found.screenValues.map { [$0.label, $0.value] }))
            if !found.differences.isEmpty {
                Output.line("\n与第 \(found.comparedRound) 次提交的差异")
                Output.table(Table(differences: found.differences))
            }
            Output.line("\n流程")
            Output.table(Table(flow: found.flow))
        }
    }

    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every submission of an item, and what came of it.")

        @OptionGroup var item: OneItem

        func run() async throws {
            let found = try await item.get()
            guard item.connection.output == .table else {
                return try Output.json(ItemDocument(found).versions)
            }
            Output.table(Table(versions: found.versions))
        }
    }

    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Field by field what changed since the submission that was returned.")

        @OptionGroup var item: OneItem
        @Option(help: "The submission to compare with the one before it; 0 = as it is now.")
        var round: Int64 = 0

        func run() async throws {
            let found = try await item.get(round: round)
            guard item.connection.output == .table else {
                return try Output.json(ItemDocument(found).differences)
            }
            guard found.comparedRound > 0 else { return Output.note("没有可以比较的上一次提交") }
            Output.table(Table(differences: found.differences))
            if found.differences.isEmpty {
                Output.note("与第 \(found.comparedRound) 次提交没有差异")
            }
        }
    }

    /// The item that a command is about.
    struct OneItem: ParsableArguments {
        @Argument(help: "The item, as `zhicheng archive list` names it.")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func get(round: Int64 = 0) async throws -> Archive.Item {
            try await connection.withPlatform(session: session.token()) { client in
                try await client.archive.getItem(Archive.GetItemRequest(id: id, round: round))
            }
        }
    }
}

/// An item for programs.
struct ItemRow: Encodable {
    let id, kind, applicant, name, state, task: String
    let version, round, submittedMs: Int64

    init(_ item: Archive.Item) {
        id = item.id
        kind = item.kind
        applicant = item.applicantName
        name = item.mainName
        state = item.stateLabel
        task = item.taskID
        version = item.version
        round = item.round
        submittedMs = item.submittedMs
    }
}

/// An item with its history, for programs.
struct ItemDocument: Encodable {
    struct Value: Encodable { let label, value: String }
    struct Version: Encodable {
        let round, submittedMs, decidedMs: Int64
        let name, outcome, opinion, decidedBy: String
        let withdrawn, retracted: Bool
    }
    struct Difference: Encodable { let key, label, before, after: String }

    let item: ItemRow
    let values: [Value]
    let versions: [Version]
    let comparedRound: Int64
    let differences: [Difference]

    init(_ item: Archive.Item) {
        self.item = ItemRow(item)
        values = item.screenValues.map { Value(label: $0.label, value: $0.value) }
        versions = item.versions.map {
            Version(
                round: $0.round, submittedMs: $0.submittedMs, decidedMs: $0.decidedMs,
                name: $0.mainName, outcome: $0.outcomeLabel, opinion: $0.opinion,
                decidedBy: $0.decidedByName, withdrawn: $0.withdrawn, retracted: $0.retracted)
        }
        comparedRound = item.comparedRound
        differences = item.differences.map {
            Difference(key: $0.key, label: $0.label, before: $0.before, after: $0.after)
        }
    }
}

extension Table {
    /// Any kinds of items together.
    init(items: [Archive.Item]) {
        self.init(["序号", "业绩项", "申报人", "名称", "申报日期", "状态", "编号"])
        for (index, item) in items.enumerated() {
            rows.append([
                "\(index + 1)", item.kindLabel, item.applicantName, item.mainName,
                day(item.submittedMs), item.stateLabel, item.id,
            ])
        }
    }

    init(versions: [Archive.ItemVersion]) {
        self.init(["第几次", "提交时间", "名称", "审核结果", "审批意见", "审核人", "审核时间"])
        rows = versions.map {
            [
                "\($0.round)", minute($0.submittedMs), $0.mainName,
                ($0.retracted ? "已收回" : $0.outcomeLabel.isEmpty ? "审核中" : $0.outcomeLabel)
                    + ($0.withdrawn ? "，后同意撤回" : ""),
                $0.opinion, $0.decidedByName, minute($0.decidedMs),
            ]
        }
    }

    init(differences: [Archive.ItemDifference]) {
        self.init(["项目", "修改前", "修改后"])
        rows = differences.map { [$0.label, $0.before, $0.after] }
    }
}
