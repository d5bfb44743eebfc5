import ArgumentParser
import IdentityService
import ServiceRuntime

@main
struct IdentityServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity-service",
        abstract: "注册登录与人员注册审核: units, officers, sessions, and personnel registration.",
        discussion: """
            Settings (--set NAME=VALUE): sso-address, sso-client-id, sso-secret or \
            sso-secret-file, sso-callbacks (comma-separated addresses without a query).
            """,
        version: platformVersion)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await identityServiceDefinition.run(options)
    }
}
