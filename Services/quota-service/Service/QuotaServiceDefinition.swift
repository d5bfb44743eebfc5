import Messages
import RPC
package import ServiceRuntime
import ServiceStubs

/// Owns approval records, reservations and the ledger.
package let quotaServiceDefinition = ServiceDefinition(
    name: "quota-service", migrations: quotaMigrations,
    files: {
        try $0.hashes(in: "records", "form_sha256", $1)
            + $0.hashes(in: "supplements", "document_sha256", $1)
    }
) { environment in
    let identity = try environment.channel("identity-service")
    let leases = SessionLeases(
        identity, clock: environment.clock, logger: environment.logger)
    var assembly = assemble(environment, resolver: leases.resolve, identity: identity)
    assembly.run(leases)
    return assembly
}

/// Puts the service together; tests give their own sessions and a stand-in of identity-service.
func assemble(
    _ environment: ServiceEnvironment, resolver: @escaping SessionResolver,
    identity: any RPCChannel
) -> ServiceAssembly {
    let handler = QuotaHandler(
        database: environment.database, attachments: environment.attachments,
        identity: Identity.IdentityClient(identity), ids: randomID)
    var assembly = ServiceAssembly(resolver: resolver)
    assembly.serve(
        handler.register(in:), critical: [.reserve, .confirm, .release, .consume],
        sheddable: [.listRecords, .downloadApprovalForm]
    ) { (method: Quota.QuotaMethod) in
        switch method {
        case .listRecords, .getRecord, .downloadApprovalForm:
            .users(Set.officers.union([.hrDepartment]))
        case .supplementRecord, .supersedeRecord:
            .users([.hrDepartment])
        case .saveRecord, .deleteRecord, .submitRecord, .uploadApprovalForm:
            .users([.unitAdministrator])
        case .getVacancies:
            .usersOrServices(Set.officers.union([.hrDepartment]), ["declaration-service"])
        case .reserve, .confirm, .release, .consume:
            .services(["declaration-service"])
        }
    }
    assembly.run(environment.announcementRelay)
    return assembly
}
