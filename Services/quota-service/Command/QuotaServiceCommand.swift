import ArgumentParser
import QuotaService
import ServiceRuntime

@main
struct QuotaServiceCommand: ServiceCommand {
    static let definition = quotaServiceDefinition
    static let abstract =
        "岗位核准信息: approved posts of public institutions, and the ledger of vacancies."
}
