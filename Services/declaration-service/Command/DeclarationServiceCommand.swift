import ArgumentParser
import DeclarationService
import ServiceRuntime

@main
struct DeclarationServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "declaration-service",
        abstract: "职称申报: review plans, declarations, and what their units decide.",
        version: platformVersion)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await declarationServiceDefinition.run(options)
    }
}
