import ArgumentParser
import ZhichengClient

struct PlansCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plans", abstract: "评审计划: what may be declared to, and 委托.",
        subcommands: [List.self, Publish.self, EntrustmentsCommand.self],
        defaultSubcommand: List.self)
}

extension PlansCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The plans, newest first.")

        @Option(help: "Only this 年度, 2022.")
        var year: Int32 = 0
        @Option(help: "Only plans with this in their name.")
        var name = ""
        @Flag(help: "Only plans that are open today.")
        var open = false
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        private struct Row: Encodable {
            let id, name, committee, committeeID, kind, region, openDay, closeDay: String
            let year: Int32
            let levels, series: [String]
        }

        func run() async throws {
            let plans = try await connection.withPlatform(session: session.token()) { client in
                try await client.declaration.allPlans(name: name, year: year, openOnly: open)
                    .reduce(into: []) { $0.append($1) }
            }
            guard connection.output == .table else {
                return try Output.json(
                    plans.map {
                        Row(
                            id: $0.id, name: $0.name, committee: $0.committeeName,
                            committeeID: $0.committeeID, kind: $0.kind, region: $0.region,
                            openDay: $0.openDay, closeDay: $0.closeDay, year: $0.year,
                            levels: $0.levels, series: $0.series)
                    })
            }
            Output.table(Table(plans: plans, ids: true))
            if plans.isEmpty { Output.note("没有这样的评审计划") }
        }
    }
}

extension Table {
    /// Screen 4-1, 评审计划.
    /// - Parameter ids: with the plans' ids, for other commands.
    init(plans: [Declaration.Plan], ids: Bool = false) {
        self.init(
            ["序号", "年度", "计划名称", "评委会", "评审级别", "申报起止日期"] + (ids ? ["编号"] : []))
        for (index, plan) in plans.enumerated() {
            rows.append(
                [
                    "\(index + 1)", "\(plan.year)", plan.name, plan.committeeName,
                    plan.levels.joined(separator: " "), "\(plan.openDay) \(plan.closeDay)",
                ] + (ids ? [plan.id] : []))
        }
    }
}
