import ArgumentParser
import ZhichengClient

// 停用 and 恢复 of units, for an HR department.

extension UnitCommand {
    struct Find: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Units by the beginning of their name; for an HR department suspended ones, too.")

        @Argument(help: "单位名称, or its beginning.")
        var name: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let units = try await connection.withPlatform(session: session.token()) { client in
                try await client.identity.findUnits(Identity.FindUnitsRequest(namePrefix: name))
                    .units
            }
            try connection.show(units)
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "停用: its officers are signed out, until it is resumed nobody signs in for it."
        )

        @Argument(help: "The unit, as `zhicheng unit find` names it.")
        var id: String
        @Option(help: "停用原因, at most 500 characters.")
        var reason: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let unit = try await connection.withPlatform(session: session.token()) { client in
                try await client.identity.suspendUnit(
                    Identity.SuspendUnitRequest(unitID: id, reason: reason))
            }
            try connection.show([unit])
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "恢复 of a suspended unit.")

        @Argument(help: "The unit, as `zhicheng unit find` names it.")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let unit = try await connection.withPlatform(session: session.token()) { client in
                try await client.identity.resumeUnit(Identity.ResumeUnitRequest(unitID: id))
            }
            try connection.show([unit])
        }
    }
}

extension ConnectionOptions {
    fileprivate func show(_ units: [Identity.UnitSummary]) throws {
        guard output == .table else { return try Output.json(units.map(UnitRow.init)) }
        var table = Table(["单位名称", "统一社会信用代码", "属地", "状态", "编号"])
        table.rows = units.map {
            [$0.name, $0.uscc, $0.regionLabel, $0.suspended ? "已停用" : "正常", $0.id]
        }
        Output.table(table)
    }
}

/// A unit for programs.
private struct UnitRow: Encodable {
    let id, name, uscc, region: String
    let suspended: Bool

    init(_ unit: Identity.UnitSummary) {
        id = unit.id
        name = unit.name
        uscc = unit.uscc
        region = unit.region
        suspended = unit.suspended
    }
}
