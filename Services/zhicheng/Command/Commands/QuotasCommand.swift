import ArgumentParser
import ZhichengClient

struct QuotasCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "岗位核准信息 of the signed-in unit, and its vacancies.",
        subcommands: [
            List.self, Show.self, New.self, Form.self, Submit.self, Delete.self, DownloadForm.self,
        ],
        defaultSubcommand: List.self)
}

extension QuotasCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The unit's records, newest year first.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        private struct Row: Encodable {
            let id: String
            let year: Int32
            /// By level; null = 不限.
            let vacancies: [String: Int64?]
            let state: String
            let recommended: Int64
            let createdMs: Int64
        }

        func run() async throws {
            let records = try await connection.withPlatform(session: session.token()) { client in
                try await client.quota.allRecords().reduce(into: []) { $0.append($1) }
            }
            guard connection.output == .table else {
                return try Output.json(
                    records.map { record in
                        Row(
                            id: record.id, year: record.year,
                            vacancies: Dictionary(
                                record.vacancies.map {
                                    ($0.level.label, $0.unlimited ? nil : $0.count)
                                }, uniquingKeysWith: { first, _ in first }),
                            state: record.state.label, recommended: record.recommended,
                            createdMs: record.createdMs)
                    })
            }
            Output.table(Table(records: records))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Approved, recommended and remaining vacancies of a year, live.")

        @Argument(help: "核准年度, 2022.")
        var year: Int32
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        private struct Row: Encodable {
            let level: String
            /// Null = 不限.
            let approved: Int64?
            let reserved: Int64
            let consumed: Int64
            /// Null = 不限.
            let remaining: Int64?
        }

        func run() async throws {
            let reply = try await connection.withPlatform(session: session.token()) { client in
                try await client.quota.getVacancies(Quota.GetVacanciesRequest(year: year))
            }
            guard reply.confirmed else {
                throw CommandFailure(.refused, "\(year) 年度没有已确认的岗位核准信息")
            }
            guard connection.output == .table else {
                return try Output.json(
                    reply.levels.map {
                        Row(
                            level: $0.label, approved: $0.unlimited ? nil : $0.approved,
                            reserved: $0.reserved, consumed: $0.consumed,
                            remaining: $0.unlimited ? nil : $0.remaining)
                    })
            }
            Output.table(Table(vacancies: reply))
        }
    }
}

extension Table {
    /// Screen 7-3.
    init(records: [Quota.Record]) {
        self.init(["序号", "年度", "正高", "副高", "中级", "初级", "是否确认", "已推荐", "创建时间"])
        for (index, record) in records.enumerated() {
            rows.append(
                ["\(index + 1)", "\(record.year)"] + Common.QuotaLevel.onScreen.map(record.vacancy)
                    + [record.state.label, "\(record.recommended)", day(record.createdMs)])
        }
    }

    /// Vacancies per level.
    init(vacancies: Quota.GetVacanciesReply) {
        self.init(["年度", "级别", "核准空缺数", "已推荐", "剩余"])
        for level in vacancies.levels {
            rows.append([
                "\(vacancies.year)", level.label, level.unlimited ? "不限" : "\(level.approved)",
                "\(level.reserved + level.consumed)", level.unlimited ? "不限" : "\(level.remaining)",
            ])
        }
    }
}
