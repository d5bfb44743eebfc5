import ArchiveService
import ArgumentParser
import ServiceRuntime

@main
struct ArchiveServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive-service",
        abstract: "业绩档案: what applicants file, and their unit reviews.",
        version: platformVersion)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await archiveServiceDefinition.run(options)
    }
}
