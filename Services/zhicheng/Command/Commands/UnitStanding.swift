import ArgumentParser
import ZhichengClient

// 停用, 恢复 and 合并 of units, for an HR department.

extension UnitCommand {
    struct Find: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Units by the beginning of their name, or by a whole USCC; for an HR department suspended ones, too."
        )

        @Argument(help: "单位名称, or its beginning; or 统一社会信用代码, also that of a merged unit.")
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

    struct Merge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "合并 of a unit into another one, for good: a duplicate, or a renamed unit.",
            discussion: """
                Registrations, archives, declarations and what the unit kept of those who left move to the other unit as they \
                stand. The officers of the merged unit are signed out for good; the other unit's administrator gives a place \
                to whom he wants (`zhicheng officers set-role`). The old USCC leads to the other unit. 岗位核准 stays where it \
                is, as history. It is refused while anything waits at the unit, and says what.
                """)

        @Argument(help: "The unit that ends, as `zhicheng unit find` names it.")
        var id: String
        @Argument(help: "The unit that goes on.")
        var into: String
        @Option(help: "版本 of the unit that ends, as `zhicheng unit find` shows it.")
        var expectedVersion: Int64
        @Option(help: "版本 of the unit that goes on.")
        var expectedIntoVersion: Int64
        @Option(help: "合并原因, at most 500 characters.")
        var reason: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let merged = try await connection.withPlatform(session: session.token()) { client in
                try await client.identity.mergeUnit(
                    Identity.MergeUnitRequest(
                        unitID: id, intoID: into, expectedVersion: expectedVersion,
                        expectedIntoVersion: expectedIntoVersion, reason: reason))
            }
            try connection.show(merged)
        }
    }
}

extension ConnectionOptions {
    fileprivate func show(_ merged: Identity.MergeUnitReply) throws {
        let into = merged.into ?? Identity.UnitSummary()
        guard output == .table else { return try Output.json(MergeRow(merged, into)) }
        Output.line(
            "已并入\(into.name)：\(merged.persons) 名人员转入，\(merged.officers) 名经办人离任")
        try show([into])
    }

    fileprivate func show(_ units: [Identity.UnitSummary]) throws {
        guard output == .table else { return try Output.json(units.map(UnitRow.init)) }
        var table = Table(["单位名称", "统一社会信用代码", "属地", "状态", "版本", "编号"])
        table.rows = units.map {
            [$0.name, $0.uscc, $0.regionLabel, $0.suspended ? "已停用" : "正常", "\($0.version)", $0.id]
        }
        Output.table(table)
    }
}

/// A unit for programs.
private struct UnitRow: Encodable {
    let id, name, uscc, region: String
    let suspended: Bool
    let version: Int64

    init(_ unit: Identity.UnitSummary) {
        id = unit.id
        name = unit.name
        uscc = unit.uscc
        region = unit.region
        suspended = unit.suspended
        version = unit.version
    }
}

/// A merge for programs.
private struct MergeRow: Encodable {
    let into: UnitRow
    let persons, officers: Int64

    init(_ merged: Identity.MergeUnitReply, _ into: Identity.UnitSummary) {
        self.into = UnitRow(into)
        persons = merged.persons
        officers = merged.officers
    }
}
