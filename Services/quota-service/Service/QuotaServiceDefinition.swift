import Messages
import RPC
package import ServiceRuntime
import ServiceStubs

/// Owns approval records, reservations and the ledger.
package let quotaServiceDefinition = ServiceDefinition(
    name: "quota-service", migrations: quotaMigrations
) { environment in
    let identity = try environment.channel("identity-service")
    let leases = SessionLeases(identity, clock: environment.clock)
    var assembly = assemble(environment, resolver: leases.resolve)
    assembly.run(leases)
    return assembly
}

/// Puts the service together; tests give their own sessions.
func assemble(
    _ environment: ServiceEnvironment, resolver: @escaping SessionResolver
) -> ServiceAssembly {
    let handler = QuotaHandler(
        database: environment.database, attachments: environment.attachments, ids: randomID)
    var assembly = ServiceAssembly(resolver: resolver)
    assembly.serve(handler.register(in:)) { (method: Quota.QuotaMethod) in
        switch method {
        case .listRecords, .getRecord, .downloadApprovalForm:
            .users(.officers)
        case .saveRecord, .deleteRecord, .submitRecord, .uploadApprovalForm:
            .users([.unitAdministrator])
        case .getVacancies:
            .usersOrServices(.officers.union([.hrDepartment]), ["declaration-service"])
        case .reserve, .confirm, .release, .consume:
            .services(["declaration-service"])
        }
    }
    return assembly
}
