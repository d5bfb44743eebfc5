import ArgumentParser
import ZhichengClient

struct OfficersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "officers",
        abstract: "经办人: a unit's officers, their roles, 更换经办人.",
        discussion: """
            For a unit's administrator; an HR department names a unit of its region with --unit. \
            An officer is added with `zhicheng accounts create ACCOUNT --role unit-reviewer`.
            """,
        subcommands: [List.self, SetRole.self, Remove.self, HandOver.self],
        defaultSubcommand: List.self)
}

extension OfficersCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who acts for the unit, and who left.")

        @OptionGroup var office: UnitOptions

        func run() async throws {
            let officers = try await office.withPlatform { client in
                try await client.identity.listOfficers(
                    Identity.ListOfficersRequest(unitID: office.unit)
                ).officers
            }
            try office.show(officers)
        }
    }

    struct SetRole: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-role", abstract: "Give a role; bring back an officer who left.")

        @Argument(help: "The officer, as `zhicheng officers list` names it.")
        var officer: String
        @Argument(help: "unit-administrator or unit-reviewer.")
        var role: RoleName
        @OptionGroup var office: UnitOptions

        func run() async throws {
            let changed = try await office.withPlatform { client in
                try await client.identity.changeOfficer(
                    Identity.ChangeOfficerRequest(
                        unitID: office.unit, personID: officer, role: role.role))
            }
            try office.show([changed])
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The officer leaves; the sessions end at once.")

        @Argument(help: "The officer, as `zhicheng officers list` names it.")
        var officer: String
        @OptionGroup var office: UnitOptions

        func run() async throws {
            let removed = try await office.withPlatform { client in
                try await client.identity.removeOfficer(
                    Identity.RemoveOfficerRequest(unitID: office.unit, personID: officer))
            }
            try office.show([removed])
        }
    }

    struct HandOver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "hand-over",
            abstract: "更换经办人: the successor takes the place of the one who leaves.")

        @Argument(help: "The officer who leaves.")
        var leaving: String
        @Argument(help: "The officer who takes over; on record.")
        var successor: String
        @OptionGroup var office: UnitOptions

        func run() async throws {
            let taken = try await office.withPlatform { client in
                try await client.identity.handOver(
                    Identity.HandOverRequest(
                        unitID: office.unit, leavingID: leaving, successorID: successor))
            }
            try office.show([taken])
        }
    }
}

/// Whose officers.
struct UnitOptions: ParsableArguments {
    @Option(help: "The unit; none for the session's own.")
    var unit = ""
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func withPlatform<Value: Sendable>(
        _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await connection.withPlatform(session: session.token(), body)
    }

    /// One officer or the list of them.
    func show(_ officers: [Identity.UnitOfficer]) throws {
        guard connection.output == .table else {
            return try Output.json(officers.map(ShownOfficer.init))
        }
        Output.table(
            Table(
                ["人员", "姓名", "角色", "账号", "实名", "状态", "自"],
                rows: officers.map { officer in
                    [
                        officer.personID, officer.name,
                        officer.role == .unitAdministrator ? "管理员" : "审核人",
                        officer.account.isEmpty ? "闽政通" : officer.account,
                        officer.recorded ? "已登记" : "未登记", officer.active ? "在任" : "已离任",
                        day(officer.sinceMs),
                    ]
                }))
    }
}

private struct ShownOfficer: Encodable {
    let personID: String
    let name: String
    let role: String
    let account: String
    let recorded: Bool
    let active: Bool
    let since: String

    init(_ officer: Identity.UnitOfficer) {
        personID = officer.personID
        name = officer.name
        role = "\(officer.role)"
        account = officer.account
        recorded = officer.recorded
        active = officer.active
        since = day(officer.sinceMs)
    }
}
