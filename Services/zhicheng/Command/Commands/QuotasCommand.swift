import ArgumentParser
import ZhichengClient

struct QuotasCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota",
        abstract: "岗位核准信息 of a unit, its vacancies, and corrections by the HR department.",
        subcommands: [
            List.self, Show.self, New.self, Form.self, Submit.self, Delete.self, DownloadForm.self,
            Record.self, Supplement.self, Supersede.self,
        ],
        defaultSubcommand: List.self)
}

extension QuotasCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The unit's records, newest year first.")

        @Option(help: "Of another unit, by id: only for the HR department of its jurisdiction.")
        var unit = ""
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let records = try await connection.withPlatform(session: session.token()) { client in
                try await client.quota.allRecords(unit: unit).reduce(into: []) { $0.append($1) }
            }
            guard connection.output == .table else {
                return try Output.json(records.map(QuotaRecordDocument.init))
            }
            Output.table(Table(records: records, ids: true))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Approved, recommended and remaining vacancies of a year, live.")

        @Argument(help: "核准年度, 2022.")
        var year: Int32
        @Option(help: "Of another unit, by id: only for the HR department of its jurisdiction.")
        var unit = ""
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
                try await client.quota.getVacancies(
                    Quota.GetVacanciesRequest(year: year, unitID: unit))
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
    /// Screen 7-3: what is in force.
    /// - Parameter ids: with editions, and the ids of records, for other commands.
    init(records: [Quota.Record], ids: Bool = false) {
        self.init(
            ["序号", "年度", "正高", "副高", "中级", "初级", "是否确认", "已推荐", "创建时间"]
                + (ids ? ["版次", "编号"] : []))
        for (index, record) in records.enumerated() {
            rows.append(
                ["\(index + 1)", "\(record.year)"] + Common.QuotaLevel.onScreen.map(record.vacancy)
                    + [record.state.label, "\(record.recommended)", day(record.createdMs)]
                    + (ids ? ["\(record.edition)", record.id] : []))
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
