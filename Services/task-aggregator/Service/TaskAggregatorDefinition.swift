import Messages
import RPC
package import ServiceRuntime
import ServiceStubs

/// Owns the unified list, the last known rows and the news; the tasks themselves are their
/// sources'.
package let taskAggregatorDefinition = ServiceDefinition(
    name: "task-aggregator", migrations: aggregatorMigrations
) { environment in
    var channels: [(peer: String, channel: any RPCChannel)] = []
    for peer in environment.peerNames {
        channels.append((peer, try environment.channel(peer)))
    }
    let identity = try environment.channel("identity-service")
    return assemble(
        environment, sources: try TaskSources(channels, logger: environment.logger),
        lastKnown: LastKnown(database: environment.database, logger: environment.logger),
        resolver: SessionLeases(identity, clock: environment.clock).resolve)
}

/// Puts the service together; tests give their own sources and sessions.
func assemble(
    _ environment: ServiceEnvironment, sources: TaskSources, lastKnown: LastKnown,
    resolver: @escaping SessionResolver
) -> ServiceAssembly {
    let handler = TaskCentreHandler(
        database: environment.database, sources: sources, lastKnown: lastKnown, ids: randomID)
    var assembly = ServiceAssembly(resolver: resolver)
    assembly.serve(handler.register(in:)) { (method: Tasks.TaskCentreMethod) in
        switch method {
        case .list, .count, .decide, .getDecision:
            .users(Set.officers.union([.superior, .committee]))
        case .decideBatch: .users(.officers)
        case .home: .users(Set.officers.union([.hrDepartment]))
        case .publishNews: .users([.hrDepartment])
        }
    }
    assembly.run(lastKnown)
    return assembly
}
