import ArgumentParser
import ZhichengClient

// 催办 and 保存的筛选.

extension TasksCommand {
    struct Remind: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "催办: those who have the task get a notification; once a day per task.")

        @Argument(
            help: "The task: the applicant's own, or one of a unit that the superior looks after.")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            _ = try await connection.withPlatform(session: session.token()) { client in
                try await client.tasks.remind(Tasks.RemindRequest(taskID: id))
            }
            Output.note("已催办")
        }
    }

    struct Filters: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "保存的筛选: kept by the platform for the signed-in person.",
            subcommands: [List.self, Save.self, Delete.self], defaultSubcommand: List.self)

        /// The saved filter of that name.
        static func saved(
            _ name: String, _ client: PlatformClient
        ) async throws -> Tasks.SavedFilter {
            let found = try await client.tasks.listFilters(Tasks.ListFiltersRequest(search: name))
            guard let filter = found.filters.first(where: { $0.name == name }) else {
                throw CommandFailure(.refused, "没有这个筛选: \(name)")
            }
            return filter
        }
    }
}

extension TasksCommand.Filters {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "By name.")

        @Option(help: "Only those with this in their name.")
        var search = ""
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let filters = try await connection.withPlatform(session: session.token()) { client in
                try await client.tasks.listFilters(Tasks.ListFiltersRequest(search: search))
            }.filters
            guard connection.output == .table else {
                return try Output.json(filters.map(FilterRow.init))
            }
            Output.table(Table(filters: filters))
            if filters.isEmpty { Output.note("没有保存的筛选") }
        }
    }

    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keeps a filter; one of the same name is replaced.")

        @Argument(help: "Its name.")
        var name: String
        @Flag(help: "Of 已处理.")
        var processed = false
        @Flag(help: "With --processed: only what the signed-in officer decided.")
        var mine = false
        @Flag(help: "Only what is overdue (逾期).")
        var overdue = false
        @Option(help: "Only this kind; may be given several times.")
        var kind: [String] = []
        @Option(help: "Only applicants with this in their name.")
        var applicant = ""
        @Option(help: "First day of entering review, 2022-04-12.")
        var from = ""
        @Option(help: "Last day of entering review.")
        var to = ""
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let saved = try await connection.withPlatform(session: session.token()) { client in
                try await client.tasks.saveFilter(
                    Tasks.SaveFilterRequest(
                        name: name, view: processed ? .processed : .pending,
                        filter: Tasks.TaskFilter(
                            kinds: kind, applicant: applicant, fromDay: from, toDay: to,
                            mine: mine, overdue: overdue)))
            }
            Output.note("已保存筛选“\(saved.name)”")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Keeps it no longer.")

        @Argument(help: "Its name.")
        var name: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            _ = try await connection.withPlatform(session: session.token()) { client in
                try await client.tasks.deleteFilter(Tasks.DeleteFilterRequest(name: name))
            }
            Output.note("已删除")
        }
    }
}

/// A saved filter for programs.
struct FilterRow: Encodable {
    let name, view, applicant, from, to: String
    let kinds: [String]
    let mine, overdue: Bool

    init(_ saved: Tasks.SavedFilter) {
        let filter = saved.filter ?? Tasks.TaskFilter()
        name = saved.name
        view = saved.view == .processed ? "processed" : "pending"
        applicant = filter.applicant
        from = filter.fromDay
        to = filter.toDay
        kinds = filter.kinds
        mine = filter.mine
        overdue = filter.overdue
    }
}

extension Table {
    init(filters: [Tasks.SavedFilter]) {
        self.init(["名称", "视图", "类型", "申报人", "日期", "条件"])
        rows = filters.map(FilterRow.init).map { row -> [String] in
            [
                row.name, row.view == "processed" ? "已处理" : "待处理",
                row.kinds.joined(separator: " "), row.applicant,
                row.from.isEmpty && row.to.isEmpty ? "" : "\(row.from)–\(row.to)",
                [row.mine ? "本人" : "", row.overdue ? "逾期" : ""].filter { !$0.isEmpty }
                    .joined(separator: " "),
            ]
        }
    }
}
