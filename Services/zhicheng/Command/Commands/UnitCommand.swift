import ArgumentParser
import ZhichengClient

struct UnitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unit",
        abstract: "单位信息 of the signed-in unit: 查看, 完善, 保存; 停用, 恢复 and 合并 by the HR department.",
        discussion: "性质 and 属地 change by a request: `zhicheng unit-changes request`.",
        subcommands: [
            Show.self, Submit.self, Save.self, Find.self, Suspend.self, Resume.self, Merge.self,
        ], defaultSubcommand: Show.self)
}

extension UnitCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "单位信息.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let unit = try await connection.withPlatform(session: session.token()) { client in
                try await client.identity.getUnit(Identity.GetUnitRequest())
            }
            try unit.show(connection.output)
        }
    }

    struct Submit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "完善单位详细信息 at the first sign-in, before anything else.")

        @OptionGroup var details: DetailOptions
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let unit = try await connection.withPlatform(session: session.token()) { client in
                try await client.identity.submitUnit(
                    Identity.SubmitUnitRequest(details: details.applied(to: .init())))
            }
            try unit.show(connection.output)
        }
    }

    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "保存: changes what is given, and leaves the rest.")

        @OptionGroup var details: DetailOptions
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let unit = try await connection.withPlatform(session: session.token()) { client in
                let now = try await client.identity.getUnit(Identity.GetUnitRequest())
                return try await client.identity.saveUnit(
                    Identity.SaveUnitRequest(
                        details: details.applied(to: now.details ?? .init()),
                        expectedVersion: now.version))
            }
            try unit.show(connection.output)
        }
    }

    /// The form's fields; those that are not given stay.
    struct DetailOptions: ParsableArguments {
        @Option(help: "法定代表人电话.")
        var representativePhone: String?
        @Option(help: "单位通讯地址.")
        var address: String?
        @Option(help: "单位联系人.")
        var contact: String?
        @Option(help: "手机号码 of the contact.")
        var contactPhone: String?
        @Option(help: "单位性质, a code: 20 = 事业单位. Only at the first submission.")
        var nature: String?
        @Option(help: "电子邮箱.")
        var email: String?
        @Option(help: "属地, a GB/T 2260 code: 350102. Only at the first submission.")
        var region: String?
        @Option(help: "传真号码.")
        var fax: String?
        @Option(help: "税号.")
        var taxNumber: String?

        func applied(to before: Identity.UnitDetails) -> Identity.UnitDetails {
            var details = before
            if let representativePhone { details.legalRepresentativePhone = representativePhone }
            if let address { details.address = address }
            if let contact { details.contactName = contact }
            if let contactPhone { details.contactPhone = contactPhone }
            if let nature { details.nature = nature }
            if let email { details.email = email }
            if let region { details.region = region }
            if let fax { details.fax = fax }
            if let taxNumber { details.taxNumber = taxNumber }
            return details
        }
    }
}

extension Identity.Unit {
    private struct Document: Encodable {
        let id, name, uscc, legalRepresentative, nature, region, administrativeLevel, state: String
        let address, contact, contactPhone, email: String
        let version: Int64
    }

    /// Screen 7-1.
    fileprivate func show(_ format: OutputFormat) throws {
        let summary = summary ?? Identity.UnitSummary()
        let details = details ?? Identity.UnitDetails()
        guard format == .table else {
            return try Output.json(
                Document(
                    id: summary.id, name: summary.name, uscc: summary.uscc,
                    legalRepresentative: legalRepresentativeName, nature: summary.natureLabel,
                    region: summary.regionLabel, administrativeLevel: summary.administrativeLevel,
                    state: state, address: details.address, contact: details.contactName,
                    contactPhone: details.contactPhone, email: details.email, version: version))
        }
        Output.line("\(summary.name)（\(summary.administrativeLevel)）")
        Output.table(
            Table(
                ["项目", "内容"],
                rows: [
                    ["单位名称", summary.name], ["统一社会信用代码", summary.uscc],
                    ["法定代表人姓名", legalRepresentativeName],
                    ["法定代表人身份证号", legalRepresentativeIDMasked],
                    ["法定代表人电话", details.legalRepresentativePhone],
                    ["单位通讯地址", details.address], ["单位联系人", details.contactName],
                    ["手机号码", details.contactPhone], ["单位性质", summary.natureLabel],
                    ["电子邮箱", details.email], ["属地", summary.regionLabel],
                    ["传真号码", details.fax], ["税号", details.taxNumber],
                ]))
    }
}
