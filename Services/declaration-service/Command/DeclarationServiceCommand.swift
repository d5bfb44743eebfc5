import ArgumentParser
import DeclarationService
import ServiceRuntime

@main
struct DeclarationServiceCommand: ServiceCommand {
    static let definition = declarationServiceDefinition
    static let abstract =
        "职称申报: review plans, declarations, and what their units decide."
}
