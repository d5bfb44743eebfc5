import ArgumentParser
import ZhichengClient

// Numbers in clear, and who looked at them (E4).

extension RegistrationsCommand {
    struct Reveal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "ID number and phone of a registration in clear: noted, and the person sees who looked."
        )

        @Argument(help: "The registration.")
        var id: String
        @Option(help: "查看原因, at most 200 characters.")
        var reason: String
        @OptionGroup var work: RegistrationOptions

        private struct Shown: Encodable {
            let name: String
            let idNumber: String
            let phone: String
        }

        func run() async throws {
            let seen = try await work.withPlatform { client in
                try await client.identity.revealPerson(
                    Identity.RevealPersonRequest(registrationID: id, reason: reason))
            }
            guard work.connection.output == .table else {
                return try Output.json(
                    Shown(name: seen.name, idNumber: seen.idNumber, phone: seen.phone))
            }
            Output.table(
                Table(["姓名", "证件号码", "手机号"], rows: [[seen.name, seen.idNumber, seen.phone]]))
            Output.note("这次查看已记录，本人可以看到")
        }
    }

    struct Reveals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who looked at the signed-in applicant's numbers in clear, newest first.")

        @OptionGroup var most: RowLimit
        @OptionGroup var work: RegistrationOptions

        private struct Shown: Encodable {
            let at: String
            let officer: String
            let unit: String
            let reason: String
        }

        func run() async throws {
            let found = try await work.withPlatform { client in
                try await most.first { client.identity.allReveals(pageSize: $0) }
            }
            guard work.connection.output == .table else {
                return try Output.json(
                    found.map {
                        Shown(
                            at: minute($0.atMs), officer: $0.officerName, unit: $0.unitName,
                            reason: $0.reason)
                    })
            }
            Output.table(
                Table(
                    ["时间", "查看人", "单位", "原因"],
                    rows: found.map {
                        [minute($0.atMs), $0.officerName, $0.unitName, $0.reason]
                    }))
        }
    }
}
