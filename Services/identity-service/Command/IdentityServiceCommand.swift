import ArgumentParser
import IdentityService
import ServiceRuntime

@main
struct IdentityServiceCommand: ServiceCommand {
    static let definition = identityServiceDefinition
    static let abstract =
        "注册登录与人员注册审核: units, officers, sessions, and personnel registration."
    static let discussion = """
        Settings (--set NAME=VALUE): sso-address, sso-client-id, sso-secret or \
        sso-secret-file, sso-callbacks (comma-separated addresses without a query).
        """
}
