import Messages
import RPC
package import ServiceRuntime
import ServiceStubs

/// Owns what applicants file, its evidence, versions and reviews.
package let archiveServiceDefinition = ServiceDefinition(
    name: "archive-service", migrations: archiveMigrations,
    files: { try $0.hashes(in: "evidence", "sha256", $1) }
) { environment in
    let identity = try environment.channel("identity-service")
    let leases = SessionLeases(
        identity, clock: environment.clock, logger: environment.logger)
    var assembly = assemble(
        environment, catalog: try ArchiveSettings(environment.settings).catalog,
        identity: identity,
        resolver: leases.resolve)
    assembly.run(leases)
    return assembly
}

/// Puts the service together; tests give their own identity-service.
func assemble(
    _ environment: ServiceEnvironment, catalog: Catalog, identity: any RPCChannel,
    resolver: @escaping SessionResolver
) -> ServiceAssembly {
    let archive = ArchiveHandler(
        database: environment.database, attachments: environment.attachments, catalog: catalog,
        identity: Identity.IdentityClient(identity), ids: randomID)
    let tasks = TaskSourceHandler(
        database: environment.database, catalog: catalog, ids: randomID)
    var assembly = ServiceAssembly(resolver: resolver)
    assembly.serve(
        archive.register(in:), critical: [.pinVersions, .unpinVersions],
        sheddable: [.listItems, .getTree, .listWithdrawals, .downloadEvidence],
        access: archiveAccess)
    assembly.serve(
        tasks.register(in:), critical: [.decide, .decideBatch, .getDecision],
        sheddable: [.list, .count], access: taskAccess)
    let changes = OfficerChangesHandler(database: environment.database)
    assembly.serve(changes.register(in:)) { (method: Identity.OfficerChangesMethod) in
        switch method {
        case .apply, .holdUnit, .applyMerge: .services(["identity-service"])
        }
    }
    assembly.run(environment.announcementRelay)
    return assembly
}

private let declarations: Set<String> = ["declaration-service"]

/// Who may call what of Archive.
private func archiveAccess(_ method: Archive.ArchiveMethod) -> AccessRule {
    switch method {
    case .getCatalog: .users(.everyone)
    case .getTree, .listItems, .listWithdrawals: .users(Set.officers.union([.applicant]))
    case .getItem, .getWithdrawal: .users(Set.officers.union([.applicant, .superior]))
    case .saveItem, .submitItem, .retractItem, .importItems, .uploadEvidence,
        .requestWithdrawal, .cancelWithdrawal:
        .users([.applicant])
    case .downloadEvidence:
        .usersOrServices(Set.officers.union([.applicant, .superior]), declarations)
    case .readApproved, .pinVersions, .unpinVersions: .services(declarations)
    }
}

/// Who may call what of TaskSource.
private func taskAccess(_ method: Tasks.TaskSourceMethod) -> AccessRule {
    switch method {
    // The superior of what was referred (I10).
    case .list, .count, .decide, .getDecision: .users(Set.officers.union([.superior]))
    case .decideBatch: .users(.officers)
    }
}
