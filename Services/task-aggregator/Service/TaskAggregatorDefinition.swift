import Messages
import RPC
package import ServiceRuntime
import ServiceStubs

/// Owns the unified list, the last known rows, the news and the notifications; the tasks themselves
/// are their sources'.
package let taskAggregatorDefinition = ServiceDefinition(
    name: "task-aggregator", migrations: aggregatorMigrations
) { environment in
    var channels: [(peer: String, channel: any RPCChannel)] = []
    for peer in environment.peerNames {
        channels.append((peer, try environment.channel(peer)))
    }
    let identity = try environment.channel("identity-service")
    let settings = try AggregatorSettings(environment.settings)
    let leases = SessionLeases(
        identity, clock: environment.clock, logger: environment.logger)
    var assembly = assemble(
        environment, sources: try TaskSources(channels, logger: environment.logger),
        lastKnown: LastKnown(
            database: environment.database, clock: environment.clock, logger: environment.logger),
        dueDates: settings.dueDates,
        sender: settings.logsNotifications ? LogSender(logger: environment.logger) : nil,
        resolver: leases.resolve)
    assembly.run(leases)
    return assembly
}

/// Puts the service together; tests give their own sources and sessions.
func assemble(
    _ environment: ServiceEnvironment, sources: TaskSources, lastKnown: LastKnown,
    dueDates: DueDates = .standard, sender: (any NotificationSender)? = nil,
    sessionInterval: Duration = .seconds(5), resolver: @escaping SessionResolver
) -> ServiceAssembly {
    let changes = ChangeSignal()
    let handler = TaskCentreHandler(
        database: environment.database, clock: environment.clock, sources: sources,
        lastKnown: lastKnown, dueDates: dueDates, hasSender: sender != nil, changes: changes,
        resolver: resolver, sessionInterval: sessionInterval, ids: randomID)
    var assembly = ServiceAssembly(resolver: resolver)
    let centre: (inout RouteTable) -> Void = { routes in
        handler.register(in: &routes)
        routes.replaceUnary(Tasks.TaskCentreMethod.list.method) { request, context in
            try await handler.rows(request, context: context)
        }
    }
    assembly.serve(
        centre, critical: [.decide, .decideBatch, .getDecision],
        sheddable: [.list, .count, .home]
    ) { (method: Tasks.TaskCentreMethod) in
        switch method {
        case .list, .count, .decide, .getDecision, .saveFilter, .listFilters, .deleteFilter,
            .watch:
            .users(Set.officers.union([.superior, .committee]))
        case .remind: .users([.applicant, .superior])
        case .decideBatch: .users(.officers)
        case .home: .users(Set.officers.union([.hrDepartment]))
        case .publishNews: .users([.hrDepartment])
        }
    }
    let notifications = NotificationsHandler(
        database: environment.database, hasSender: sender != nil, changes: changes)
    assembly.serve(notifications.register(in:)) { (method: Tasks.NotificationsMethod) in
        switch method {
        case .post: .services(owners)
        case .list, .countUnread, .markRead: .users(.everyone)
        }
    }
    assembly.run(lastKnown)
    let overdue = OverdueWatch(
        database: environment.database, dueDates: dueDates, hasSender: sender != nil)
    // What could not be told is told on the next day: a year without a calendar stays one.
    assembly.run(
        DailyWork(
            "telling what is overdue", clock: environment.clock, isRetried: false,
            logger: environment.logger
        ) { try await overdue.tell($0) })
    if let sender {
        let delivery = SenderDelivery(sender: sender)
        assembly.run(
            OutboxRelay(
                database: environment.database,
                deliver: [SenderDelivery.destination: { try await delivery.deliver($0) }],
                logger: environment.logger))
    }
    return assembly
}

/// Who announces.
private let owners: Set<String> = [
    "identity-service", "archive-service", "declaration-service", "quota-service",
]
