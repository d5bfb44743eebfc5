import Messages
import RPC
package import ServiceRuntime
import ServiceStubs

/// Owns review plans, declarations, and what their units decide.
package let declarationServiceDefinition = ServiceDefinition(
    name: "declaration-service", migrations: declarationMigrations,
    files: { part, rows in
        try part.hashes(in: "materials", "sha256", rows)
            + EntrustmentStore.letterHashes(rows).filter(part.contains)
    }
) { environment in
    let identity = try environment.channel("identity-service")
    let leases = SessionLeases(
        identity, clock: environment.clock, logger: environment.logger)
    var assembly = assemble(
        environment, resolver: leases.resolve,
        identity: identity, archive: try environment.channel(Errand.archive),
        quota: try environment.channel(Errand.quota))
    assembly.run(leases)
    return assembly
}

/// Puts the service together; tests give their own resolver and stand-ins for the other services.
func assemble(
    _ environment: ServiceEnvironment, resolver: @escaping SessionResolver,
    identity: any RPCChannel, archive: any RPCChannel, quota: any RPCChannel,
    backoff: OutboxRelay.Backoff = OutboxRelay.Backoff(),
    sweepInterval: Duration = .seconds(1)
) -> ServiceAssembly {
    let desk = StepDesk(database: environment.database)
    let archiveClient = Archive.ArchiveClient(archive)
    let handler = DeclarationHandler(
        database: environment.database, clock: environment.clock,
        attachments: environment.attachments, identity: Identity.IdentityClient(identity),
        archive: archiveClient, quota: Quota.QuotaClient(quota), desk: desk, ids: randomID)
    let tasks = TaskSourceHandler(database: environment.database, desk: desk, ids: randomID)
    let delivery = StepDelivery(
        database: environment.database, quota: Quota.QuotaClient(quota),
        archive: archiveClient, desk: desk, ids: randomID)
    var assembly = ServiceAssembly(resolver: resolver)
    assembly.serve(
        handler.register(in:), critical: [.decideEntrustment],
        sheddable: [
            .list, .listPlans, .listNotices, .listEntrustments, .downloadMaterial, .downloadLetter,
            .downloadEvidence,
        ], access: declarationAccess)
    assembly.serve(
        tasks.register(in:), critical: [.decide, .decideBatch, .getDecision],
        sheddable: [.list, .count], access: taskAccess)
    let changes = OfficerChangesHandler(database: environment.database, ids: randomID)
    assembly.serve(changes.register(in:)) { (method: Identity.OfficerChangesMethod) in
        switch method {
        case .apply, .holdUnit, .applyMerge: .services(["identity-service"])
        }
    }
    assembly.run(
        OutboxRelay(
            database: environment.database,
            deliver: [
                Errand.quota: { try await delivery.toQuota($0) },
                Errand.archive: { try await delivery.toArchive($0) },
                Announcement.destination: environment.announcing,
            ], logger: environment.logger, backoff: backoff))
    let deadlines = DeadlineSweep(database: environment.database, ids: randomID)
    assembly.run(
        DailyWork(
            "sweeping deadlines", clock: environment.clock, interval: sweepInterval,
            logger: environment.logger
        ) { try await deadlines.sweep($0) })
    return assembly
}

/// Who may call what of Declaration.
private func declarationAccess(_ method: Declaration.DeclarationMethod) -> AccessRule {
    switch method {
    case .hasOpen: .services(["identity-service"])
    case .publishPlan: .users([.hrDepartment, .committee])
    case .listPlans, .getPlan: .users(.everyone)
    case .saveDraft, .submit, .withdraw, .deleteDraft: .users([.applicant])
    case .list: .users(Set.officers.union([.applicant]))
    case .get, .downloadMaterial, .downloadEvidence:
        .users(Set.reviewers.union([.applicant]))
    // The superior too, in the place of a unit whose only officer is the applicant (I10).
    case .claim, .releaseClaim, .saveRecommendation, .uploadMaterial, .removeMaterial, .openNotice,
        .closeNotice:
        .users(Set.officers.union([.superior]))
    // The committee keeps the notices of its results (D10).
    case .recordObjection, .resolveObjection: .users(.reviewers)
    case .listNotices: .users(Set.officers.union([.committee]))
    case .saveVotes: .users([.committee])
    case .liftBan: .users([.hrDepartment])
    case .requestEntrustment: .users(.officers)
    case .decideEntrustment: .users([.hrDepartment, .committee])
    case .listEntrustments, .downloadLetter:
        .users(Set.officers.union([.hrDepartment, .committee]))
    }
}

/// Who may call what of TaskSource.
private func taskAccess(_ method: Tasks.TaskSourceMethod) -> AccessRule {
    switch method {
    case .list, .count, .decide, .decideBatch, .getDecision: .users(.reviewers)
    }
}

extension Set where Element == Identity.Role {
    /// Whoever reviews declarations: their units, the superiors, the committees.
    fileprivate static var reviewers: Self { officers.union([.superior, .committee]) }
}
