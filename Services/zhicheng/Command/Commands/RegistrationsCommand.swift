import ArgumentParser
import ZhichengClient

struct RegistrationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registrations",
        abstract: "人员注册: the unit's list, an applicant's own, 调动, 撤销, 停用, numbers in clear.",
        discussion:
            "A registration is decided by its task: `zhicheng tasks approve TASK --opinion …`.",
        subcommands: [
            List.self, Register.self, Own.self, Transfer.self, Cancel.self, Disable.self,
            Reveal.self, Reveals.self,
        ],
        defaultSubcommand: List.self)
}

extension RegistrationsCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The unit's registrations, newest first.")

        @Option(help: "A part of the name, or a whole ID number.")
        var search = ""
        @Flag(help: "已调出: those who left for another unit, as they were.")
        var former = false
        @OptionGroup var most: RowLimit
        @OptionGroup var work: RegistrationOptions

        func run() async throws {
            let rows = try await work.withPlatform { client in
                try await most.rows(\.registrations, next: \.nextCursor) { page in
                    try await client.identity.listRegistrations(
                        Identity.ListRegistrationsRequest(
                            search: search, page: page, former: former))
                }.rows
            }
            try work.show(rows)
        }
    }

    struct Own: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The signed-in applicant's own registration.")

        @OptionGroup var work: RegistrationOptions

        func run() async throws {
            try work.show([try await work.withPlatform { try await $0.ownRegistration() }])
        }
    }

    struct Transfer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "调动: the applicant goes to another unit, which reviews anew.")

        @Argument(help: "The new unit.")
        var unit: String
        @OptionGroup var work: RegistrationOptions

        func run() async throws {
            let moved = try await work.withPlatform { client in
                let own = try await client.ownRegistration()
                return try await client.identity.transferPerson(
                    Identity.TransferPersonRequest(unitID: unit, expectedVersion: own.version))
            }
            try work.show([moved])
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "撤销 the applicant's own registration, before the unit has decided.")

        @OptionGroup var work: RegistrationOptions

        func run() async throws {
            let cancelled = try await work.withPlatform { client in
                let own = try await client.ownRegistration()
                return try await client.identity.cancelRegistration(
                    Identity.CancelRegistrationRequest(
                        id: own.id, expectedVersion: own.version))
            }
            try work.show([cancelled])
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "离职/停用, by the unit's administrator.")

        @Argument(help: "The registration.")
        var id: String
        @Option(help: "停用原因.")
        var reason: String
        @OptionGroup var work: RegistrationOptions

        func run() async throws {
            let disabled = try await work.withPlatform { client in
                let now = try await client.identity.getRegistration(
                    Identity.GetRegistrationRequest(id: id))
                return try await client.identity.disablePerson(
                    Identity.DisablePersonRequest(
                        id: id, expectedVersion: now.version, reason: reason))
            }
            try work.show([disabled])
        }
    }
}

extension PlatformClient {
    fileprivate func ownRegistration() async throws -> Identity.Registration {
        try await identity.getRegistration(Identity.GetRegistrationRequest())
    }
}

/// What the commands share.
struct RegistrationOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func withPlatform<Value: Sendable>(
        _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await connection.withPlatform(session: session.token(), body)
    }

    func show(_ rows: [Identity.Registration]) throws {
        guard connection.output == .table else {
            return try Output.json(rows.map(ShownRegistration.init))
        }
        Output.table(
            Table(
                ["注册", "姓名", "性别", "证件号码", "手机号", "状态", "注册时间", "调出时间"],
                rows: rows.map { row in
                    [
                        row.id, row.name, row.sex, row.idNumberMasked, row.phoneMasked,
                        row.stateLabel, minute(row.registeredMs), minute(row.leftMs),
                    ]
                }))
    }
}

private struct ShownRegistration: Encodable {
    let id: String
    let personID: String
    let unitID: String
    let name: String
    let state: String
    let version: Int64

    init(_ row: Identity.Registration) {
        id = row.id
        personID = row.personID
        unitID = row.unitID
        name = row.name
        state = row.stateLabel
        version = row.version
    }
}
