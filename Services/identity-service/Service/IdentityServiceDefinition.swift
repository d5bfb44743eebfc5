import Domain
import MessageCoding
import Messages
import RPC
import Secrets
package import ServiceRuntime
import ServiceStubs
import Storage

/// Owns units, officers, accounts, sessions and personnel registrations.
package let identityServiceDefinition = ServiceDefinition(
    name: "identity-service", migrations: identityMigrations
) { environment in
    let settings = try IdentitySettings(environment.settings)
    var openDeclarations: OpenDeclarations?
    if environment.peerNames.contains("declaration-service") {
        let client = Declaration.DeclarationClient(try environment.channel("declaration-service"))
        openDeclarations = { key throws(RPCError) in
            try await client.hasOpen(Declaration.HasOpenRequest(personKey: key)).open
        }
    }
    return assemble(
        environment, providers: settings.providers, callbacks: settings.callbacks,
        // On a development clock, and so on loopback, there are demonstration accounts with public passwords.
        hasher: environment.clock is DevelopmentClock ? .cheapForTests : PasswordHasher(),
        keeper: SessionKeeper(database: environment.database, logger: environment.logger),
        leases: LeaseBook(
            afterRestart: try environment.database.read { rows in try SessionStore.exist(rows) }),
        openDeclarations: openDeclarations,
        reviewers: try IdentityHandler.reviewing
            .filter(environment.peerNames.contains)
            .map { ($0, Identity.OfficerChangesClient(try environment.channel($0))) })
}

/// The other services of the platform, which ask on behalf of users.
private let services: Set<String> = [
    "archive-service", "declaration-service", "quota-service", "task-aggregator",
]

/// Puts the service together; tests give their own provider and a cheap hasher.
func assemble(
    _ environment: ServiceEnvironment, providers: [any IdentityProvider], callbacks: CallbackList,
    hasher: PasswordHasher, keeper: SessionKeeper, leases: LeaseBook,
    openDeclarations: OpenDeclarations?,
    reviewers: [(service: String, client: Identity.OfficerChangesClient)] = []
) -> ServiceAssembly {
    let handler = IdentityHandler(
        database: environment.database, clock: environment.clock,
        personal: PersonalData(cipher: environment.fields), hasher: hasher,
        providers: providers, callbacks: callbacks, throttle: SignInThrottle(), keeper: keeper,
        leases: leases, logger: environment.logger, openDeclarations: openDeclarations,
        reviewers: reviewers, ids: randomID,
        randomToken: { SessionToken.random() },
        initialPassword: {
            var generator = SystemRandomNumberGenerator()
            return PasswordPolicy.initial(using: &generator)
        })
    let tasks = TaskSourceHandler(database: environment.database, ids: randomID)
    var assembly = ServiceAssembly(
        resolver: { token, _ throws(RPCError) in try handler.resolve(token) })
    assembly.serve(
        handler.register(in:), critical: [.resolveSession, .decideUnitChange],
        sheddable: [.listRegistrations, .listUnitChanges, .listOfficers, .findUnits],
        access: identityAccess)
    assembly.serve(
        tasks.register(in:), critical: [.decide, .decideBatch, .getDecision],
        sheddable: [.list, .count], access: taskAccess)
    assembly.run(keeper)
    var destinations = deliveries(to: reviewers)
    destinations[Announcement.destination] = environment.announcing
    assembly.run(
        OutboxRelay(
            database: environment.database, deliver: destinations, logger: environment.logger))
    return assembly
}

private func deliveries(
    to reviewers: [(service: String, client: Identity.OfficerChangesClient)]
) -> [String: OutboxRelay.Delivery] {
    var deliveries: [String: OutboxRelay.Delivery] = [:]
    for (service, client) in reviewers {
        deliveries[service] = { message in try await deliver(message, to: client) }
    }
    return deliveries
}

/// Tells a reviewing service of a change of officers, or of a merge; what cannot be delivered stays in the outbox.
private func deliver(
    _ message: StoredMessage, to client: Identity.OfficerChangesClient
) async throws {
    guard let key = IdempotencyKey(message.id) else { throw unknown(message) }
    var options = CallOptions()
    options.timeout = .seconds(5)
    options.idempotencyKey = key
    switch message.kind {
    case OfficerAnnouncement.kind:
        _ = try await client.apply(
            Identity.ApplyOfficerChangeRequest(decoding: message.payload), options: options)
    case MergeUnit.messageKind:
        // All that the service keeps of the unit moves at once.
        options.timeout = .seconds(60)
        _ = try await client.applyMerge(
            Identity.ApplyMergeRequest(decoding: message.payload), options: options)
    default: throw unknown(message)
    }
}

private func unknown(_ message: StoredMessage) -> RPCError {
    RPCError(
        code: .unimplemented,
        message: "a message “\(message.kind)” that this version does not know")
}

/// Who may call what of Identity.
private func identityAccess(_ method: Identity.IdentityMethod) -> AccessRule {
    switch method {
    case .beginLogin, .completeLogin, .signIn: .anyone
    case .changePassword, .signOut, .getSession: .users(.everyone, unfinished: true)
    case .resolveSession, .watchRevocations, .describeUnit, .describePerson: .services(services)
    case .submitUnit: .users([.unitAdministrator], unfinished: true)
    case .getUnit: .users(.officers, unfinished: true)
    case .saveUnit, .requestUnitChange: .users([.unitAdministrator])
    case .listUnitChanges: .users(Set.officers.union([.hrDepartment]))
    case .decideUnitChange, .suspendUnit, .resumeUnit, .mergeUnit: .users([.hrDepartment])
    case .findUnits: .users(.everyone)
    case .createBuiltInUnit, .resetPassword: .usersOrServices([.hrDepartment], ["zhicheng"])
    case .createAccount: .usersOrServices([.unitAdministrator, .hrDepartment], ["zhicheng"])
    case .listOfficers: .usersOrServices(Set.officers.union([.hrDepartment]), ["zhicheng"])
    case .changeOfficer, .removeOfficer, .handOver: .users([.unitAdministrator, .hrDepartment])
    case .recordOfficer:
        .users([.unitAdministrator, .unitReviewer, .hrDepartment, .superior, .committee])
    case .registerPerson, .transferPerson, .cancelRegistration: .users([.applicant])
    case .disablePerson: .users([.unitAdministrator])
    case .listRegistrations: .users(.officers)
    case .getRegistration: .users(Set.officers.union([.applicant, .superior]))
    case .importPersons: .users([.unitAdministrator])
    case .revealPerson: .users(.officers)
    case .listReveals: .users([.applicant])
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
