import ArgumentParser
import ZhichengClient

struct EntrustmentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entrustments",
        abstract: "委托: reviews that a unit asks another region's committee for.",
        subcommands: [List.self, Request.self, Download.self, Accept.self, Refuse.self],
        defaultSubcommand: List.self)
}

extension EntrustmentsCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "The unit's requests, or those that wait for the HR department, the committee.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let found = try await connection.withPlatform(session: session.token()) { client in
                try await client.declaration.allEntrustments(pageSize: 200)
                    .reduce(into: [Declaration.Entrustment]()) { $0.append($1) }
            }
            try EntrustmentRecord.show(found, connection.output)
        }
    }

    struct Request: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "委托: asks that a plan of another region takes the named persons.")

        @Argument(help: "The plan, as `zhicheng plans list` names it.")
        var plan: String
        @Option(help: "A registered person of the unit, by id. May be given several times.")
        var person: [String]
        @Option(help: "委托原因, at most 500 characters.")
        var reason: String
        @Option(help: "委托函: a file, pdf jpg png doc docx.")
        var letter: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let file = try Common.FileUpload(path: letter, atMost: Common.FileUpload.mostCallBytes)
            let made = try await connection.withPlatform(session: session.token()) { client in
                try await client.declaration.requestEntrustment(
                    Declaration.RequestEntrustmentRequest(
                        planID: plan, personIDs: person, reason: reason, letter: file))
            }
            try EntrustmentRecord.show([made], connection.output)
        }
    }

    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "同意: the HR department passes it on, the committee accepts it.")

        @OptionGroup var decision: EntrustmentDecision

        func run() async throws { try await decision.decide(true) }
    }

    struct Refuse: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "不同意.")

        @OptionGroup var decision: EntrustmentDecision

        func run() async throws { try await decision.decide(false) }
    }
}

/// What both decisions have in common.
struct EntrustmentDecision: ParsableArguments {
    @Argument(help: "The request, as the list names it.")
    var id: String
    @Option(help: "审批意见, at most 2,000 characters.")
    var opinion: String
    @Option(help: "The version that was seen, as the list shows it.")
    var seenVersion: Int64
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func decide(_ accept: Bool) async throws {
        let decided = try await connection.withPlatform(session: session.token()) { client in
            try await client.declaration.decideEntrustment(
                Declaration.DecideEntrustmentRequest(
                    id: id, expectedVersion: seenVersion, accept: accept, opinion: opinion))
        }
        try EntrustmentRecord.show([decided], connection.output)
    }
}

/// A request for programs.
private struct EntrustmentRecord: Encodable {
    let id, plan, unit, reason, letter, state: String
    let persons: [String]
    let version, requestedMs: Int64

    init(_ entrustment: Declaration.Entrustment) {
        id = entrustment.id
        plan = entrustment.planID
        unit = entrustment.unitName
        reason = entrustment.reason
        letter = entrustment.letter?.fileName ?? ""
        state = entrustment.state.label
        persons = entrustment.persons.map(\.name)
        version = entrustment.version
        requestedMs = entrustment.requestedMs
    }

    static func show(_ found: [Declaration.Entrustment], _ output: OutputFormat) throws {
        let records = found.map(EntrustmentRecord.init)
        guard output == .table else { return try Output.json(records) }
        Output.table(Table(entrustments: found, ids: true))
        if records.isEmpty { Output.note("没有委托") }
    }
}

extension Table {
    /// - Parameter ids: with what other commands need to name a request.
    init(entrustments: [Declaration.Entrustment], ids: Bool = false) {
        self.init(
            ["序号", "单位", "委托人员", "委托原因", "委托函", "申请时间", "状态"] + (ids ? ["版本", "编号"] : []))
        for (index, found) in entrustments.enumerated() {
            rows.append(
                [
                    "\(index + 1)", found.unitName,
                    found.persons.map(\.name).joined(separator: "、"), found.reason,
                    found.letter?.fileName ?? "", minute(found.requestedMs), found.state.label,
                ] + (ids ? ["\(found.version)", found.id] : []))
        }
    }
}

extension Declaration.EntrustmentState {
    fileprivate var label: String {
        switch self {
        case .department: "人社部门审批"
        case .committee: "评委会审批"
        case .accepted: "已受理"
        case .refused: "不予受理"
        default: "未知"
        }
    }
}
