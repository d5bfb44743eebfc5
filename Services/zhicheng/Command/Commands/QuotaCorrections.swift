import ArgumentParser
import ZhichengClient

extension QuotasCommand {
    struct Record: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One record with its 补充核准, and the editions of its year.")

        @Argument(help: "The record, as the list names it (编号).")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let (record, editions) = try await connection.withPlatform(session: session.token()) {
                client in
                let record = try await client.quota.getRecord(Quota.GetRecordRequest(id: id))
                let role = try await client.identity.getSession(Identity.GetSessionRequest()).role
                let all = client.quota.allRecords(
                    unit: role == .hrDepartment ? record.unitID : "")
                var editions: [Quota.Record] = []
                for try await other in all where other.year == record.year {
                    editions.append(other)
                }
                return (record, editions)
            }
            try show(record, editions: editions, connection.output)
        }
    }

    struct Supplement: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "补充核准, by the HR department: adds to what a confirmed record approves.",
            discussion: """
                The record itself stays as it was submitted. A number below nothing takes away, never below \
                what is 已推荐: --intermediate=-1.
                """)

        @OptionGroup var correction: CorrectionOptions

        func run() async throws {
            let changes = try correction.levels.given.map { level, text in
                guard let change = Int64(text) else {
                    throw ValidationError("“\(text)” is no number")
                }
                return Quota.LevelChange(level: level, change: change)
            }
            try await correction.correct { client, seen, document in
                try await client.quota.supplementRecord(
                    Quota.SupplementRecordRequest(
                        id: correction.id, expectedVersion: seen, changes: changes,
                        reason: correction.reason, document: document))
            }
        }
    }

    struct Supersede: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "更正, by the HR department: a corrected record in the place of a confirmed one.",
            discussion: """
                All four levels are given. What is reserved and consumed goes over to the new record, which may \
                not approve less. The old one stays to be read.
                """)

        @OptionGroup var correction: CorrectionOptions

        func run() async throws {
            let vacancies = try correction.levels.vacancies()
            try await correction.correct { client, seen, document in
                try await client.quota.supersedeRecord(
                    Quota.SupersedeRecordRequest(
                        id: correction.id, expectedVersion: seen, vacancies: vacancies,
                        reason: correction.reason, document: document))
            }
        }
    }
}

/// The four levels as flags.
struct LevelOptions: ParsableArguments {
    @Option(help: "正高.")
    var seniorFull: String?
    @Option(help: "副高.")
    var seniorAssociate: String?
    @Option(help: "中级.")
    var intermediate: String?
    @Option(help: "初级.")
    var junior: String?

    /// The flags that were given, in the order of the screen.
    var given: [(Common.QuotaLevel, String)] {
        zip(Common.QuotaLevel.onScreen, [seniorFull, seniorAssociate, intermediate, junior])
            .compactMap { level, text in text.map { (level, $0) } }
    }

    /// A count, or unlimited (不限), of each that was given; the service says what is missing.
    func vacancies() throws -> [Quota.Vacancies] {
        try given.map { level, text in
            guard let vacancy = QuotasCommand.Vacancy(argument: text) else {
                throw ValidationError("“\(text)” is neither a number nor “unlimited” (不限)")
            }
            return Quota.Vacancies(
                level: level, unlimited: vacancy == .unlimited, count: vacancy.count)
        }
    }
}

/// What both corrections have in common.
struct CorrectionOptions: ParsableArguments {
    @Argument(help: "The confirmed record, as the list names it (编号).")
    var id: String
    @OptionGroup var levels: LevelOptions
    @Option(help: "The reason, at most 500 characters.")
    var reason: String
    @Option(help: "依据文件: a file, doc docx pdf jpg.")
    var document: String
    @Option(help: "The version that was seen. Default: the version now.")
    var seenVersion: Int64?
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func correct(
        _ correct: (PlatformClient, Int64, Common.FileUpload) async throws -> Quota.Record
    ) async throws {
        let file = try Common.FileUpload(path: document, atMost: Common.FileUpload.mostCallBytes)
        let record = try await connection.withPlatform(session: session.token()) { client in
            var seen = seenVersion
            if seen == nil {
                seen = try await client.quota.getRecord(Quota.GetRecordRequest(id: id)).version
            }
            return try await correct(client, seen ?? 0, file)
        }
        try show(record, editions: [record], connection.output)
    }
}

/// A record of 岗位核准信息 for programs.
struct QuotaRecordDocument: Encodable {
    struct Supplement: Encodable {
        let id, reason, document, issuedBy: String
        let number: Int32
        let changes: [String: Int64]
        let issuedMs: Int64

        init(_ supplement: Quota.Supplement) {
            id = supplement.id
            reason = supplement.reason
            document = supplement.document?.fileName ?? ""
            issuedBy = supplement.issuedByName
            number = supplement.number
            changes = Dictionary(
                supplement.changes.map { ($0.level.label, $0.change) },
                uniquingKeysWith: { first, _ in first })
            issuedMs = supplement.issuedMs
        }
    }

    let id, state, reason, issuedBy: String
    let year, edition: Int32
    /// By level, as submitted and in force; null = 不限.
    let vacancies, approved: [String: Int64?]
    let supplements: [Supplement]
    let recommended, createdMs, version: Int64

    init(_ record: Quota.Record) {
        id = record.id
        state = record.state.label
        reason = record.reason
        issuedBy = record.issuedByName
        year = record.year
        edition = record.edition
        vacancies = Self.byLevel(record.vacancies)
        approved = Self.byLevel(record.approved)
        supplements = record.supplements.map(Supplement.init)
        recommended = record.recommended
        createdMs = record.createdMs
        version = record.version
    }

    private static func byLevel(_ vacancies: [Quota.Vacancies]) -> [String: Int64?] {
        Dictionary(
            vacancies.map { ($0.level.label, $0.unlimited ? nil : $0.count) },
            uniquingKeysWith: { first, _ in first })
    }
}

/// A record, its supplements, and the editions of its year.
private func show(
    _ record: Quota.Record, editions: [Quota.Record], _ output: OutputFormat
) throws {
    guard output == .table else { return try Output.json(QuotaRecordDocument(record)) }
    Output.table(Table(records: editions, ids: true))
    if !record.reason.isEmpty {
        Output.line("\n更正理由: \(record.reason)（\(record.issuedByName)）")
    }
    guard !record.supplements.isEmpty else { return }
    Output.line("\n补充核准（编号 \(record.id)，提交时为 " + record.submittedCounts + "）")
    Output.table(
        Table(
            ["序号", "补充", "理由", "依据文件", "办理人", "时间"],
            rows: record.supplements.map { supplement in
                [
                    "\(supplement.number)",
                    supplement.changes.map {
                        "\($0.level.label)\($0.change > 0 ? "+" : "")\($0.change)"
                    }.joined(separator: " "), supplement.reason,
                    supplement.document?.fileName ?? "", supplement.issuedByName,
                    minute(supplement.issuedMs),
                ]
            }))
}

extension Quota.Record {
    /// 正高 0 副高 2 …, as it was submitted.
    fileprivate var submittedCounts: String {
        vacancies.map { "\($0.level.label) \($0.unlimited ? "不限" : "\($0.count)")" }
            .joined(separator: " ")
    }
}
