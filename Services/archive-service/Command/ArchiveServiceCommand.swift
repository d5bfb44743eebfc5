import ArchiveService
import ArgumentParser
import ServiceRuntime

@main
struct ArchiveServiceCommand: ServiceCommand {
    static let definition = archiveServiceDefinition
    static let abstract =
        "业绩档案: what applicants file, and their unit reviews."
}
