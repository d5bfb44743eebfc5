import ArgumentParser
import ZhichengClient

struct AccountsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accounts",
        abstract: "Make accounts, units that cannot use 闽政通, and new passwords.",
        discussion: """
            For operators, who prove it with --operator; an HR department does the same for its \
            region with its own session. The initial password is shown once and must be changed at \
            the first sign-in.
            """,
        subcommands: [CreateAccount.self, CreateUnit.self, ResetPassword.self, RecordOfficer.self])
}

/// Who asks: the operator with a certificate, or an HR department with its session.
struct AuthorityOptions: ParsableArguments {
    @Option(
        help:
            "Folder of the operator's certificate (of `zhicheng dev`: data/certificates/zhicheng).")
    var `operator`: String?

    @OptionGroup var session: SessionOptions

    func withPlatform<Value: Sendable>(
        _ connection: ConnectionOptions, _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        try await connection.withPlatform(
            session: `operator` == nil ? try session.token() : nil, operatorFolder: `operator`, body
        )
    }
}

/// What was made, with the password that is shown once.
private struct MadeAccount: Encodable {
    let account: String
    let personID: String
    let unitID: String
    let initialPassword: String

    init(_ account: String, _ reply: Identity.CreateAccountReply) {
        self.account = account
        personID = reply.personID
        unitID = reply.unitID
        initialPassword = reply.initialPassword
    }

    func show(_ format: OutputFormat) throws {
        guard format == .table else { return try Output.json(self) }
        Output.table(
            Table(
                ["账号", "初始密码（只显示这一次）", "人员", "单位"],
                rows: [[account, initialPassword, personID, unitID]]))
    }
}

/// The roles as flags name them.
enum RoleName: String, ExpressibleByArgument, CaseIterable {
    case unitAdministrator = "unit-administrator"
    case unitReviewer = "unit-reviewer"
    case applicant
    case hrDepartment = "hr-department"
    case superior, committee

    var role: Identity.Role {
        switch self {
        case .unitAdministrator: .unitAdministrator
        case .unitReviewer: .unitReviewer
        case .applicant: .applicant
        case .hrDepartment: .hrDepartment
        case .superior: .superior
        case .committee: .committee
        }
    }
}

extension AccountsCommand {
    struct CreateAccount: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract:
                "An account of an officer, an applicant, an HR department, a superior, a committee."
        )

        @Argument(help: "4 to 40 letters, digits, “-”, “_”.")
        var account: String
        @Option(
            help:
                "unit-administrator, unit-reviewer, applicant, hr-department, superior, committee.")
        var role: RoleName
        @Option(help: "姓名, or the party's name.")
        var name = ""
        @Option(help: "Scope of an HR department or a superior, a GB/T 2260 code: 350100.")
        var region = ""
        @Option(help: "Scope of a committee.")
        var committee = ""
        @Option(help: "Unit of an officer.")
        var unit = ""
        @Option(help: "Mobile number of an applicant.")
        var phone = ""
        @Flag(
            help:
                "Ask for the ID number (an applicant has one); it is no flag, so that no other user sees it."
        )
        var idNumber = false
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var authority: AuthorityOptions

        func run() async throws {
            let number =
                idNumber || role == .applicant ? try Prompt().line("身份证号码: ", hidden: false) : ""
            let reply = try await authority.withPlatform(connection) { client in
                try await client.identity.createAccount(
                    Identity.CreateAccountRequest(
                        account: account, role: role.role, name: name, region: region,
                        committeeID: committee, idNumber: number, phone: phone, unitID: unit))
            }
            try MadeAccount(account, reply).show(connection.output)
        }
    }

    struct CreateUnit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create-unit",
            abstract: "内置单位账号: a unit that cannot use 闽政通, with its first account.")

        @Argument(help: "4 to 40 letters, digits, “-”, “_”.")
        var account: String
        @Option(help: "单位名称.")
        var name: String
        @Option(help: "统一社会信用代码, if it has one of its own or the group's.")
        var uscc = ""
        @Option(help: "法定代表人姓名.")
        var legalRepresentative = ""
        @Option(help: "法定代表人电话.")
        var legalRepresentativePhone: String
        @Option(help: "单位通讯地址.")
        var address: String
        @Option(help: "单位联系人.")
        var contact: String
        @Option(help: "手机号码 of the contact.")
        var phone: String
        @Option(help: "单位性质, a code: 20 = 事业单位.")
        var nature: String
        @Option(help: "电子邮箱.")
        var email: String
        @Option(help: "属地, a GB/T 2260 code: 350102.")
        var region: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var authority: AuthorityOptions

        func run() async throws {
            let reply = try await authority.withPlatform(connection) { client in
                try await client.identity.createBuiltInUnit(
                    Identity.CreateBuiltInUnitRequest(
                        account: account, name: name, uscc: uscc,
                        legalRepresentativeName: legalRepresentative,
                        details: Identity.UnitDetails(
                            legalRepresentativePhone: legalRepresentativePhone, address: address,
                            contactName: contact, contactPhone: phone, nature: nature,
                            email: email, region: region)))
            }
            try MadeAccount(account, reply).show(connection.output)
        }
    }

    struct ResetPassword: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset", abstract: "A new initial password; sessions of the account end.")

        @Argument(help: "The account.")
        var account: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var authority: AuthorityOptions

        func run() async throws {
            let reply = try await authority.withPlatform(connection) { client in
                try await client.identity.resetPassword(
                    Identity.ResetPasswordRequest(account: account))
            }
            try MadeAccount(account, reply).show(connection.output)
        }
    }

    struct RecordOfficer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "record-officer",
            abstract:
                "Record the signed-in officer's own name and ID number, before the first decision.")

        @Argument(help: "姓名.")
        var name: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let number = try Prompt().line("身份证号码: ", hidden: false)
            _ = try await connection.withPlatform(session: session.token()) { client in
                try await client.identity.recordOfficer(
                    Identity.RecordOfficerRequest(name: name, idNumber: number))
            }
            Output.line("已登记: \(name)")
        }
    }
}
