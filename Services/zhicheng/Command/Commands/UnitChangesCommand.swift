import ArgumentParser
import ZhichengClient

struct UnitChangesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unit-changes",
        abstract: "变更申请 of 单位性质 and 属地: asked for by the unit, decided by the HR department.",
        subcommands: [List.self, Request.self, Approve.self, Refuse.self],
        defaultSubcommand: List.self)
}

extension UnitChangesCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The unit's own requests, or those that the HR department decides.")

        @Flag(help: "Only those that wait.")
        var pending = false
        @OptionGroup var work: UnitChangeOptions

        func run() async throws {
            let changes = try await work.withPlatform { client in
                try await client.identity.allUnitChanges(
                    state: pending ? .pending : .unspecified, pageSize: 200
                ).reduce(into: [Identity.UnitChange]()) { $0.append($1) }
            }
            try work.show(changes)
        }
    }

    struct Request: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask for another 单位性质 or 属地.")

        @Option(help: "单位性质, a code: 20 = 事业单位.")
        var nature = ""
        @Option(help: "属地, a GB/T 2260 code: 350102.")
        var region = ""
        @Option(help: "变更原因.")
        var reason: String
        @OptionGroup var work: UnitChangeOptions

        func run() async throws {
            let change = try await work.withPlatform { client in
                try await client.identity.requestUnitChange(
                    Identity.RequestUnitChangeRequest(
                        nature: nature, region: region, reason: reason))
            }
            try work.show([change])
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "同意: the unit changes.")

        @Argument(help: "The request.")
        var id: String
        @Option(help: "意见.")
        var opinion = ""
        @OptionGroup var work: UnitChangeOptions

        func run() async throws { try await work.decide(id, .approved, opinion) }
    }

    struct Refuse: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "驳回, with the reason.")

        @Argument(help: "The request.")
        var id: String
        @Option(help: "意见.")
        var opinion: String
        @OptionGroup var work: UnitChangeOptions

        func run() async throws { try await work.decide(id, .returned, opinion) }
    }
}

/// What the commands share.
struct UnitChangeOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func withPlatform<Value: Sendable>(
        _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await connection.withPlatform(session: session.token(), body)
    }

    func decide(_ id: String, _ outcome: Common.Outcome, _ opinion: String) async throws {
        let change = try await withPlatform { client in
            try await client.identity.decideUnitChange(
                Identity.DecideUnitChangeRequest(id: id, outcome: outcome, opinion: opinion))
        }
        try show([change])
    }

    func show(_ changes: [Identity.UnitChange]) throws {
        guard connection.output == .table else {
            return try Output.json(changes.map(ShownChange.init))
        }
        Output.table(Table(unitChanges: changes, ids: true))
    }
}

extension Table {
    /// - Parameter ids: with the ids of the requests, for other commands.
    init(unitChanges: [Identity.UnitChange], ids: Bool = false) {
        func arrow(_ before: String, _ after: String) -> String {
            before == after ? before : "\(before) → \(after)"
        }
        self.init(
            ["序号", "单位", "单位性质", "属地", "原因", "状态", "意见", "申请时间"] + (ids ? ["编号"] : []))
        for (index, change) in unitChanges.enumerated() {
            rows.append(
                [
                    "\(index + 1)", change.unitName,
                    arrow(change.natureBeforeLabel, change.natureAfterLabel),
                    arrow(change.regionBeforeLabel, change.regionAfterLabel), change.reason,
                    change.stateLabel, change.opinion, minute(change.requestedMs),
                ] + (ids ? [change.id] : []))
        }
    }
}

private struct ShownChange: Encodable {
    let id: String
    let unit: String
    let state: String
    let natureBefore: String
    let natureAfter: String
    let regionBefore: String
    let regionAfter: String
    let reason: String
    let opinion: String

    init(_ change: Identity.UnitChange) {
        id = change.id
        unit = change.unitName
        state = change.stateLabel
        natureBefore = change.natureBefore
        natureAfter = change.natureAfter
        regionBefore = change.regionBefore
        regionAfter = change.regionAfter
        reason = change.reason
        opinion = change.opinion
    }
}
