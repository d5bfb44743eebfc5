import ArgumentParser
import ZhichengClient

extension QuotasCommand {
    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "新增 the record of a year, as a draft.",
            discussion: "Each level has a number or 不限; add the form with `zhicheng quota form`."
        )

        @Argument(help: "核准年度, 2022.")
        var year: Int32
        @Option(help: "正高: a number, or unlimited.")
        var seniorFull: Vacancy
        @Option(help: "副高.")
        var seniorAssociate: Vacancy
        @Option(help: "中级.")
        var intermediate: Vacancy
        @Option(help: "初级.")
        var junior: Vacancy
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let counts = [seniorFull, seniorAssociate, intermediate, junior]
            let record = try await connection.withPlatform(session: session.token()) { client in
                try await client.quota.saveRecord(
                    Quota.SaveRecordRequest(
                        year: year,
                        vacancies: zip(Common.QuotaLevel.onScreen, counts).map {
                            Quota.Vacancies(
                                level: $0, unlimited: $1 == .unlimited, count: $1.count)
                        }))
            }
            Output.line("已保存 \(record.year) 年度（\(record.state.label)）：\(record.id)")
        }
    }

    struct Submit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "提交: confirms a draft, which cannot be changed afterwards.")

        @Argument(help: "The record, as `zhicheng quota list -o json` names it.")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let record = try await connection.withPlatform(session: session.token()) { client in
                let draft = try await client.quota.getRecord(Quota.GetRecordRequest(id: id))
                return try await client.quota.submitRecord(
                    Quota.SubmitRecordRequest(id: id, expectedVersion: draft.version))
            }
            Output.table(Table(records: [record]))
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a draft.")

        @Argument(help: "The record.")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            try await connection.withPlatform(session: session.token()) { client in
                let draft = try await client.quota.getRecord(Quota.GetRecordRequest(id: id))
                _ = try await client.quota.deleteRecord(
                    Quota.DeleteRecordRequest(id: id, expectedVersion: draft.version))
            }
            Output.line("已删除 \(id)")
        }
    }

    /// A number of vacancies, or 不限.
    enum Vacancy: ExpressibleByArgument, Equatable {
        case limited(Int64)
        case unlimited

        init?(argument: String) {
            if argument == "unlimited" || argument == "不限" {
                self = .unlimited
            } else if let count = Int64(argument), (0...100_000).contains(count) {
                self = .limited(count)
            } else {
                return nil
            }
        }

        var count: Int64 {
            if case .limited(let count) = self { count } else { 0 }
        }
    }
}
