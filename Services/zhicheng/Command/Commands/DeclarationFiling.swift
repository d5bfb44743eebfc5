import ArgumentParser
import ZhichengClient

extension DeclarationsCommand {
    struct Declare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "申报 to a plan, as an applicant: saves a draft, and submits it with --submit.",
            discussion: "Refers to all approved items of the archive unless --item names some.")

        @Argument(help: "The plan, as `zhicheng plans` names it.")
        var plan: String
        @Option(help: "申报职称.")
        var title: String
        @Option(help: "申报级别: 正高级, 副高级, 中级, 助理级, 员级.")
        var level: String
        @Option(help: "申报专业.")
        var specialty: String
        @Option(help: "申报形式.")
        var form = "常规申报"
        @Option(help: "系列, 工程技术人员 …")
        var series = ""
        @Option(help: "参加工作时间, 2010-07-01.")
        var workStart = ""
        @Option(
            name: .customLong("item"), help: "Only this archive item. May be given several times.")
        var items: [String] = []
        @Flag(help: "提交 at once.")
        var submit = false
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let row = try await connection.withPlatform(session: session.token()) { client in
                let draft = try await client.declaration.saveDraft(
                    Declaration.SaveDraftRequest(
                        planID: plan,
                        application: Declaration.Application(
                            title: title, level: level, specialty: specialty, form: form,
                            series: series, workStartDay: workStart),
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
