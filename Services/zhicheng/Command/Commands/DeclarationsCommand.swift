import ArgumentParser
import ZhichengClient

struct DeclarationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "declarations",
        abstract: "申报情况: the declarations, their 领取 and 单位推荐意见.",
        discussion: """
            通过, 退回 and 终止 are decided by their task: `zhicheng tasks approve TASK --opinion …`.
            """,
        subcommands: [
            List.self, Show.self, Declare.self, Submit.self, Claim.self, Release.self,
            Evidence.self, Recommend.self, RemoveFile.self, Download.self, Notices.self,
            OpenNotice.self, Object.self, Resolve.self, CloseNotice.self, Vote.self,
            Withdraw.self, Delete.self, LiftBan.self,
        ],
        defaultSubcommand: List.self)
}

extension DeclarationsCommand {
    /// The views of screen 4-1 as flags name them.
    enum View: String, ExpressibleByArgument, CaseIterable {
        case pending, unclaimed, reviewed, returned, all

        var message: Declaration.DeclarationView {
            switch self {
            case .pending: .pending
            case .unclaimed: .unclaimed
            case .reviewed: .reviewed
            case .returned: .returned
            case .all: .all
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One view with its counts, newest first.")

        @Option(help: "待审核, 待领取, 已审核, 被退回, 全部: pending, unclaimed, reviewed, returned, all.")
        var view = View.all
        @Option(help: "Only applicants with this in their name.")
        var name = ""
        @OptionGroup var most: RowLimit
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let (rows, last) = try await connection.withPlatform(session: session.token()) {
                client in
                try await most.rows(\.rows, next: \.nextCursor) { page in
                    try await client.declaration.list(
                        Declaration.ListDeclarationsRequest(
                            view: view.message, name: name, page: page))
                }
            }
            guard connection.output == .table else {
                return try Output.json(rows.map(DeclarationRecord.init))
            }
            Output.line(last.views.map { "\($0.label)(\($0.count))" }.joined(separator: " "))
            Output.table(Table(declarations: rows, ids: true))
            if rows.count < last.total {
                Output.note("只显示前 \(rows.count) 条，共 \(last.total) 条，更多请用 --limit")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "详情, 单位推荐意见 and 流程 of one declaration.")

        @OptionGroup var one: OneDeclaration

        func run() async throws {
            let detail = try await one.withPlatform { client in
                try await client.declaration.get(
                    Declaration.GetDeclarationRequest(id: one.id))
            }
            guard one.connection.output == .table else {
                return try Output.json(DeclarationDocument(detail))
            }
            Output.table(
                Table(["项目", "内容"], rows: detail.screenValues.map { [$0.label, $0.value] }))
            for section in detail.sections
            where section.rows.contains(where: { !$0.itemID.isEmpty }) {
                Output.line("\n\(section.label)")
                for row in section.rows {
                    let values = row.values.filter { !$0.value.isEmpty }
                    Output.line(values.map { "\($0.label) \($0.value)" }.joined(separator: "；"))
                }
            }
            Output.resubmission(detail)
            if !detail.defects.isEmpty {
                Output.line(
                    "\n一次性告知" + (detail.correctBy.isEmpty ? "" : "（补正期限 \(detail.correctBy)）"))
                for defect in detail.defects { Output.line("- \(defect)") }
            }
            if let recommendation = detail.recommendation {
                Output.line("\n单位推荐意见")
                Output.table(Table(recommendation: recommendation))
            }
            if let vacancies = detail.vacancies { Output.line("\n\(vacancies.sentence)") }
            Output.line("\n流程")
            Output.table(Table(flow: detail.flow))
        }
    }

    struct Claim: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "领取.")

        @OptionGroup var one: OneDeclaration

        func run() async throws {
            try await one.change("已领取") { client, row in
                try await client.declaration.claim(
                    Declaration.ClaimRequest(id: row.id, expectedVersion: row.version)
                ).row
            }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives a claim back.")

        @OptionGroup var one: OneDeclaration

        func run() async throws {
            try await one.change("已放回待领取") { client, row in
                try await client.declaration.releaseClaim(
                    Declaration.ReleaseClaimRequest(id: row.id, expectedVersion: row.version)
                ).row
            }
        }
    }
}

/// Which declaration, and how to reach the platform.
struct OneDeclaration: ParsableArguments {
    @Argument(help: "The declaration, as the list names it (编号).")
    var id: String
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func withPlatform<Value: Sendable>(
        _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await connection.withPlatform(session: session.token(), body)
    }

    /// Changes the declaration as it is now, and shows what it became.
    func change(
        _ word: String,
        _ change: (PlatformClient, Declaration.DeclarationRow) async throws
            -> Declaration.DeclarationRow?
    ) async throws {
        let row = try await withPlatform { client in
            let detail = try await client.declaration.get(
                Declaration.GetDeclarationRequest(id: id))
            let row = detail.row ?? Declaration.DeclarationRow()
            return try await change(client, row) ?? row
        }
        guard connection.output == .table else {
            return try Output.json(DeclarationRecord(row))
        }
        Output.line(
            "\(word)，现在: \([row.node, row.status].filter { !$0.isEmpty }.joined(separator: " "))")
    }
}

/// A declaration for programs.
struct DeclarationRecord: Encodable {
    let id, task, applicant, sex, plan, form, specialty, title, level: String
    let node, state, claimedBy: String
    let year: Int32
    let submittedMs, version, round: Int64

    init(_ row: Declaration.DeclarationRow) {
        id = row.id
        task = row.taskID
        applicant = row.applicantName
        sex = row.sex
        plan = row.planName
        form = row.form
        specialty = row.specialty
        title = row.title
        level = row.level
        node = row.node
        state = row.status
        claimedBy = row.claimedByName
        year = row.year
        submittedMs = row.submittedMs
        version = row.version
        round = row.round
    }
}

/// 详情, 单位推荐意见 and 流程 for programs.
struct DeclarationDocument: Encodable {
    struct Value: Encodable { let key, label, value: String }
    struct Section: Encodable {
        let key, label: String
        let rows: [[Value]]
    }
    struct Step: Encodable {
        let node, action, actor, opinion: String
        let atMs: Int64
    }

    let declaration: DeclarationRecord
    let sections: [Section]
    let findings, defects: [String]
    let correctBy: String
    let flow: [Step]
    let vacancies: OutlookRecord?

    init(_ detail: Declaration.DeclarationDetail) {
        declaration = DeclarationRecord(detail.row ?? Declaration.DeclarationRow())
        sections = detail.sections.map { section in
            Section(
                key: section.key, label: section.label,
                rows: section.rows.map { row in
                    row.values.map { Value(key: $0.key, label: $0.label, value: $0.value) }
                })
        }
        findings = detail.findings.map(\.message)
        defects = detail.defects
        correctBy = detail.correctBy
        vacancies = detail.vacancies.map(OutlookRecord.init)
        flow = detail.flow.map {
            Step(
                node: $0.node, action: $0.action, actor: $0.actorName, opinion: $0.opinion,
                atMs: $0.atMs)
        }
    }
}

extension Table {
    /// Screen 4-1.
    /// - Parameter ids: with who claimed them, and the ids of declarations, for other commands.
    init(declarations: [Declaration.DeclarationRow], ids: Bool = false) {
        self.init(
            [
                "序号", "年度", "申报人", "性别", "计划名称", "申报形式", "申报专业", "申报职称", "申报日期", "流程节点",
                "状态",
            ] + (ids ? ["领取人", "编号"] : []))
        for (index, row) in declarations.enumerated() {
            rows.append(
                [
                    "\(index + 1)", "\(row.year)", row.applicantName, row.sex, row.planName,
                    row.form, row.specialty, row.title, day(row.submittedMs), row.node, row.status,
                ] + (ids ? [row.claimedByName, row.id] : []))
        }
    }

    /// Screen 4-3.
    init(recommendation: Declaration.Recommendation?) {
        let given = recommendation ?? Declaration.Recommendation()
        let occupies = given.occupiesPost.map { $0 ? "是" : "否" } ?? ""
        self.init(
            ["项目", "内容"],
            rows: [
                ["单位推荐意见", given.text],
                ["单位公示证明", given.noticeProofs.map(\.fileName).joined(separator: " ")],
                ["是否占用本单位的职位数", occupies], ["说明", given.occupationNote],
            ])
    }
}
