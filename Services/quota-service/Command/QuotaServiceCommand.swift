import ArgumentParser
import QuotaService
import ServiceRuntime

@main
struct QuotaServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota-service",
        abstract: "岗位核准信息: approved posts of public institutions, and the ledger of vacancies.",
        version: platformVersion)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await quotaServiceDefinition.run(options)
    }
}
