import ArgumentParser
import ZhichengClient

struct HomeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "home",
        abstract: "单位首页: 待审核信息, 审核统计情况, 最新职称信息.",
        subcommands: [Show.self, Publish.self], defaultSubcommand: Show.self)
}

extension HomeCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The page.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        private struct Document: Encodable {
            struct Kind: Encodable {
                let kind: String
                let pending, processed, approved, returned, terminated: Int64
            }
            struct Article: Encodable {
                let title, body: String
                let publishedMs: Int64
            }

            let pending, processed: Int64
            let kinds: [Kind]
            let newest: [String]
            let news: [Article]
        }

        func run() async throws {
            let home = try await connection.withPlatform(session: session.token()) { client in
                try await client.tasks.home(Tasks.HomeRequest())
            }
            let counts = home.counts ?? Tasks.CountTasksReply()
            guard connection.output == .table else {
                return try Output.json(
                    Document(
                        pending: counts.pending, processed: counts.processed,
                        kinds: counts.counts.map {
                            .init(
                                kind: $0.kindLabel, pending: $0.pending, processed: $0.processed,
                                approved: $0.approved, returned: $0.returned,
                                terminated: $0.terminated)
                        }, newest: home.newest.map(\.id),
                        news: home.news.map {
                            .init(title: $0.title, body: $0.body, publishedMs: $0.publishedMs)
                        }))
            }
            Output.table(Table(counts: counts))
            if !home.newest.isEmpty {
                Output.line("\n最新待审核")
                Output.table(
                    Table(
                        ["编号", "类型", "事项", "申报人"],
                        rows: home.newest.map { [$0.id, $0.kindLabel, $0.title, $0.applicantName] })
                )
            }
            Output.line("\n最新职称信息")
            Output.table(
                Table(["标题", "发布日期"], rows: home.news.map { [$0.title, day($0.publishedMs)] }))
            for state in counts.unavailable { Output.note("\(state.source) 暂时不可用") }
        }
    }

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "发布最新职称信息, by the HR department.")

        @Argument(help: "标题.")
        var title: String
        @Option(help: "正文.")
        var body: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let news = try await connection.withPlatform(session: session.token()) { client in
                try await client.tasks.publishNews(
                    Tasks.PublishNewsRequest(title: title, body: body))
            }
            Output.line("已发布 \(news.title)（\(day(news.publishedMs))）")
        }
    }
}

extension Table {
    /// 待审核信息 and 审核统计情况 of screen 2-1.
    init(counts: Tasks.CountTasksReply) {
        self.init(
            ["类型", "待审核", "已审核", "通过", "退回", "终止"],
            rows: counts.counts.map {
                [
                    $0.kindLabel, "\($0.pending)", "\($0.processed)", "\($0.approved)",
                    "\($0.returned)", "\($0.terminated)",
                ]
            } + [["合计", "\(counts.pending)", "\(counts.processed)", "", "", ""]])
    }
}
