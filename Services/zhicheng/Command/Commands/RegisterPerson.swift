import ArgumentParser
import ZhichengClient

extension RegistrationsCommand {
    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "人员注册 by the signed-in applicant; the unit reviews it.",
            discussion: "The ID number is asked for on the terminal, so that no history keeps it.")

        @Argument(help: "The unit.")
        var unit: String
        @Option(help: "姓名.")
        var name: String
        @Option(help: "性别: 男, 女.")
        var sex: String
        @Option(help: "The kind of document, a code: 111 = 居民身份证.")
        var document = "111"
        @Option(help: "手机号码.")
        var phone: String
        @Option(help: "政治面貌: 群众, 中共党员 …")
        var politicalStatus = "群众"
        @Option(help: "电子邮箱.")
        var email = ""
        @OptionGroup var work: RegistrationOptions

        func run() async throws {
            let number = try Prompt().line("证件号码: ", hidden: true)
            let registered = try await work.withPlatform { client in
                try await client.identity.registerPerson(
                    Identity.RegisterPersonRequest(
                        unitID: unit, name: name, sex: sex, idDocument: document,
                        idNumber: number, phone: phone, politicalStatus: politicalStatus,
                        email: email))
            }
            try work.show([registered])
        }
    }
}
