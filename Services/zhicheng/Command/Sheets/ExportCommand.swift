import ArgumentParser
import ZhichengClient

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "A list as an Excel or CSV file: one page, the selection, or all that match.",
        subcommands: [
            TaskRows.self, Registrations.self, ArchiveItems.self, Withdrawals.self,
            Declarations.self, Notices.self, Plans.self, Entrustments.self, Quotas.self,
            UnitChanges.self,
        ])
}

extension ExportCommand {
    struct TaskRows: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tasks", abstract: "任务中心: 待处理, or 已处理 with --processed.")

        @Flag(help: "已处理: what the unit decided.")
        var processed = false
        @Flag(help: "With --processed: only what the signed-in officer decided.")
        var mine = false
        @Option(help: "Only this kind, as `tasks list` has it. May be given several times.")
        var kind: [String] = []
        @Option(help: "Only applicants with this in their name.")
        var applicant = ""
        @Option(help: "First day of entering review, 2022-04-12.")
        var fromDay = ""
        @Option(help: "Last day of entering review.")
        var toDay = ""
        @OptionGroup var export: ExportOptions

        func run() async throws {
            let view: Tasks.TaskView = processed ? .processed : .pending
            let filter = Tasks.TaskFilter(
                kinds: kind, applicant: applicant, fromDay: fromDay, toDay: toDay, mine: mine)
            try await export.withPlatform { client in
                try await export.write(
                    processed ? "已处理" : "待处理",
                    client.tasks.all(view, filter: filter, pageSize: export.rowsPerCall),
                    id: \.id
                ) { Table(tasks: $0, processed: processed) }
                // Rows of a source that is down are missing.
                let reply = try await client.tasks.list(
                    Tasks.ListTasksRequest(
                        view: view, filter: filter, page: Common.PageRequest(size: 1)))
                for state in reply.unavailable {
                    Output.note("\(state.source) 没有响应，文件可能不全: \(state.message)")
                }
            }
        }
    }

    struct Registrations: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "人员注册审核, newest first.")

        @Option(help: "A part of a name, or a whole ID number.")
        var search = ""
        @Option(help: "Only this state: reviewing, approved, returned.")
        var state: RegistrationTab?
        @Flag(help: "已调出: those who left for another unit, as they were.")
        var former = false
        @OptionGroup var export: ExportOptions

        func validate() throws {
            guard !former || (search.isEmpty && state == nil) else {
                throw ValidationError("--former goes without --search and --state")
            }
        }

        func run() async throws {
            try await export.withPlatform { client in
                try await export.write(
                    former ? "已调出" : "人员注册审核",
                    client.identity.allRegistrations(
                        search: search, state: state?.message ?? .unspecified, former: former,
                        pageSize: export.rowsPerCall),
                    id: \.id
                ) { Table(registrations: $0, former: former) }
            }
        }
    }

    struct ArchiveItems: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "archive",
            abstract: "业绩档案: of one kind with all of its fields, or of every kind.")

        @Option(help: "The kind, education or 教育经历; without one, every kind with its main name.")
        var kind: String?
        @Option(help: "A part of the applicant's name or of the item's main name.")
        var search = ""
        @Option(help: "Only this state: draft, reviewing, approved, returned, terminated.")
        var state: ItemTab?
        @OptionGroup var export: ExportOptions

        func run() async throws {
            try await export.withPlatform { client in
                let sheet =
                    if let kind { try await KindSheet(named: kind, client) } else {
                        nil as KindSheet?
                    }
                try await export.write(
                    sheet?.definition.label ?? "业绩档案",
                    client.archive.allItems(
                        kind: sheet?.definition.key ?? "", search: search,
                        state: state?.message ?? .unspecified, pageSize: export.rowsPerCall),
                    columns: sheet?.exportColumns, id: \.id
                ) { items in sheet?.table(items) ?? Table(exported: items) }
            }
        }
    }

    struct Withdrawals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "撤回申请, newest first.")

        @Option(help: "A part of the applicant's name or of the item's main name.")
        var search = ""
        @Option(help: "Only this state: pending, granted, refused, cancelled.")
        var state = ArchiveCommand.WithdrawalTab.all
        @OptionGroup var export: ExportOptions

        func run() async throws {
            try await export.withPlatform { client in
                try await export.write(
                    "撤回申请",
                    client.archive.allWithdrawals(
                        search: search, state: state.state, pageSize: export.rowsPerCall),
                    id: \.id
                ) { Table(withdrawals: $0) }
            }
        }
    }

    struct Declarations: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "申报情况, newest first.")

        @Option(help: "待审核, 待领取, 已审核, 被退回, 全部: pending, unclaimed, reviewed, returned, all.")
        var view = DeclarationsCommand.View.all
        @Option(help: "Only applicants with this in their name.")
        var name = ""
        @OptionGroup var export: ExportOptions

        func run() async throws {
            try await export.withPlatform { client in
                try await export.write(
                    "申报情况",
                    client.declaration.all(
                        view.message, name: name, pageSize: export.rowsPerCall),
                    id: \.id
                ) { Table(declarations: $0) }
            }
        }
    }

    struct Plans: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "评审计划, newest first.")

        @Option(help: "Only this 年度, 2022.")
        var year: Int32 = 0
        @Option(help: "Only plans with this in their name.")
        var name = ""
        @Flag(help: "Only plans that are open today.")
        var open = false
        @OptionGroup var export: ExportOptions

        func run() async throws {
            try await export.withPlatform { client in
                try await export.write(
                    "评审计划",
                    client.declaration.allPlans(
                        name: name, year: year, openOnly: open, pageSize: export.rowsPerCall),
                    id: \.id
                ) { Table(plans: $0) }
            }
        }
    }

    struct Quotas: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "quota", abstract: "岗位核准信息, newest year first.")

        @OptionGroup var export: ExportOptions

        func run() async throws {
            try await export.withPlatform { client in
                try await export.write(
                    "岗位核准信息", client.quota.allRecords(pageSize: export.rowsPerCall), id: \.id
                ) { Table(records: $0) }
            }
        }
    }

    /// The states of 人员注册审核 as flags name them.
    enum RegistrationTab: String, ExpressibleByArgument, CaseIterable {
        case reviewing, approved, returned

        var message: Identity.RegistrationState {
            switch self {
            case .reviewing: .reviewing
            case .approved: .approved
            case .returned: .returned
            }
        }
    }

    /// The tabs of 业绩管理 as flags name them.
    enum ItemTab: String, ExpressibleByArgument, CaseIterable {
        case draft, reviewing, approved, returned, terminated

        var message: Archive.ItemState {
            switch self {
            case .draft: .draft
            case .reviewing: .reviewing
            case .approved: .approved
            case .returned: .returned
            case .terminated: .terminated
            }
        }
    }
}
