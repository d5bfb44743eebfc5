import ArgumentParser
import ZhichengClient

extension DeclarationsCommand {
    struct Declare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "申报 to a plan, as an applicant: saves a draft, and submits it with --submit.",
            discussion: """
                With --id it corrects a draft or a returned declaration: what is not given stays as it \
                was saved, but for the items. It refers to those that --item names, or with --all-items to \
                all approved ones of the archive, as a new draft does without a word.
                """)

        @Argument(help: "The plan, as `zhicheng plans` names it.")
        var plan: String?
        @Option(
            help: "The draft or returned declaration that is corrected, as the list names it (编号).")
        var id: String?
        @OptionGroup(title: "申报信息") var application: ApplicationOptions
        @Option(
            name: .customLong("item"), help: "Only this archive item. May be given several times.")
        var items: [String] = []
        @Flag(help: "All approved items of the archive.")
        var allItems = false
        @Flag(help: "提交 at once.")
        var submit = false
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func validate() throws {
            guard plan != nil || id != nil else {
                throw ValidationError("name a plan, or with --id what is corrected")
            }
            guard id == nil || allItems != !items.isEmpty else {
                throw ValidationError(
                    "a correction says which items it refers to: --item for each, or --all-items")
            }
            guard !allItems || items.isEmpty else {
                throw ValidationError("--item and --all-items exclude each other")
            }
        }

        func run() async throws {
            let row = try await connection.withPlatform(session: session.token()) { client in
                var before = Declaration.DeclarationDetail(
                    application: Declaration.Application(form: "常规申报"))
                if let id {
                    before = try await client.declaration.get(
                        Declaration.GetDeclarationRequest(id: id))
                }
                let draft = try await client.declaration.saveDraft(
                    Declaration.SaveDraftRequest(
                        id: id ?? "", expectedVersion: before.row?.version ?? 0,
                        planID: plan ?? before.row?.planID ?? "",
                        application: application.applied(
                            to: before.application ?? Declaration.Application()),
                        itemIDs: items))
                let row = draft.row ?? Declaration.DeclarationRow()
                guard submit else { return row }
                return try await client.declaration.submit(
                    Declaration.SubmitRequest(id: row.id, expectedVersion: row.version)
                ).row ?? row
            }
            guard connection.output == .table else {
                return try Output.json(DeclarationRecord(row))
            }
            Output.line("\(submit ? "已提交" : "已保存") \(row.planName)（\(row.status)）：\(row.id)")
        }
    }

    /// What the applicant fills in (screen 4-2).
    struct ApplicationOptions: ParsableArguments {
        @Option(help: "申报职称.")
        var title: String?
        @Option(help: "申报级别: 正高级, 副高级, 中级, 助理级, 员级.")
        var level: String?
        @Option(help: "申报专业.")
        var specialty: String?
        @Option(help: "申报形式. Default: 常规申报.")
        var form: String?
        @Option(help: "系列, 工程技术人员 …")
        var series: String?
        @Flag(inversion: .prefixedNo, help: "是否面试.")
        var interview: Bool?
        @Option(help: "常用名.")
        var commonName: String?
        @Option(help: "出生地.")
        var birthplace: String?
        @Option(help: "民族, 汉族 …")
        var nation: String?
        @Option(help: "工资级别.")
        var wageGrade: String?
        @Option(help: "专业年限.")
        var specialtyYears: String?
        @Option(help: "党政职务.")
        var post: String?
        @Option(help: "参加工作时间, 2010-07-01.")
        var workStart: String?
        @Option(help: "工作年限.")
        var workYears: String?
        @Option(help: "身体状况.")
        var health: String?
        @Option(help: "参加何学术团体任何职务.")
        var societies: String?

        /// The form with what was given.
        func applied(to form: Declaration.Application) -> Declaration.Application {
            Declaration.Application(
                title: title ?? form.title, level: level ?? form.level,
                specialty: specialty ?? form.specialty, form: self.form ?? form.form,
                series: series ?? form.series, interview: interview ?? form.interview,
                commonName: commonName ?? form.commonName,
                birthplace: birthplace ?? form.birthplace, nation: nation ?? form.nation,
                wageGrade: wageGrade ?? form.wageGrade,
                specialtyYears: specialtyYears ?? form.specialtyYears, post: post ?? form.post,
                workStartDay: workStart ?? form.workStartDay,
                workYears: workYears ?? form.workYears, health: health ?? form.health,
                societies: societies ?? form.societies)
        }
    }

    struct Submit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "提交 a draft or a returned declaration, as its applicant.")

        @OptionGroup var one: OneDeclaration

        func run() async throws {
            try await one.change("已提交") { client, row in
                try await client.declaration.submit(
                    Declaration.SubmitRequest(id: row.id, expectedVersion: row.version)
                ).row
            }
        }
    }
}

extension PlansCommand {
    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "发布 a plan, by the HR department or a committee.")

        @Argument(help: "计划名称.")
        var name: String
        @Option(help: "年度, 2022.")
        var year: Int32
        @Option(help: "The committee's id.")
        var committee: String
        @Option(help: "The committee's name.")
        var committeeName = ""
        @Option(
            name: .customLong("level"),
            help: "评审级别 that may be declared. May be given several times.")
        var levels: [String]
        @Option(name: .customLong("series"), help: "系列. May be given several times.")
        var series: [String] = []
        @Option(help: "计划类型.")
        var kind = "常规计划"
        @Option(help: "The first day of 申报起止日期, 2022-03-01.")
        var open: String
        @Option(help: "The last day.")
        var close: String
        @Option(help: "属地, a GB/T 2260 code: 350100.")
        var region = ""
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let plan = try await connection.withPlatform(session: session.token()) { client in
                try await client.declaration.publishPlan(
                    Declaration.PublishPlanRequest(
                        plan: Declaration.Plan(
                            year: year, name: name, committeeID: committee,
                            committeeName: committeeName, levels: levels, series: series,
                            kind: kind, openDay: open, closeDay: close, region: region)))
            }
            Output.table(Table(plans: [plan], ids: true))
        }
    }
}
