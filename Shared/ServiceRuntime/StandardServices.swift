import Domain
import Logging
import Messages
import RPC
import ServiceStubs
import Storage

/// Answers health checks of operators, containers and other services.
struct HealthHandler: Wire.HealthProvider {
    let name: String
    let database: Database
    let channels: [String: any RPCChannel]
    let logger: Logger
    private let faults = LineBudget()

    func check(
        _ request: Wire.HealthRequest, context: RequestContext
    ) async throws -> Wire.HealthReply {
        let peers = await withTaskGroup(of: Wire.Dependency.self) { group in
            for (peer, channel) in channels {
                group.addTask { await peerState(peer, channel, asker: context.peer) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let dependencies = [databaseState()] + peers.sorted { $0.name < $1.name }
        return Wire.HealthReply(
            ready: dependencies.first?.ready ?? false, service: name, version: platformVersion,
            dependencies: dependencies)
    }

    private func databaseState() -> Wire.Dependency {
        do {
            _ = try database.read { rows in try rows.row(Statement("SELECT 1")) }
            return Wire.Dependency(name: "database", ready: true)
        } catch {
            // Anybody may ask: what is wrong with it is for the log.
            faults.log(.error, "the database cannot be read: \(error)", to: logger)
            return Wire.Dependency(
                name: "database", ready: false, message: "it cannot be read; the log says why")
        }
    }

    /// Asks the peer, unless the asker is a service itself: checks do not travel in circles.
    private func peerState(
        _ name: String, _ channel: any RPCChannel, asker: Peer
    ) async -> Wire.Dependency {
        guard !(asker.isAuthenticated && asker.kind != "zhicheng") else {
            return Wire.Dependency(name: name, ready: true, message: "not asked")
        }
        var options = CallOptions()
        options.timeout = .seconds(1)
        do {
            _ = try await Wire.HealthClient(channel).check(Wire.HealthRequest(), options: options)
            return Wire.Dependency(name: name, ready: true)
        } catch {
            return Wire.Dependency(name: name, ready: false, message: error.message)
        }
    }
}

/// Moves the development clock; registered only where there is one.
struct DevelopmentHandler: Development.DevelopmentProvider {
    let clock: DevelopmentClock
    let file: DevelopmentClockFile

    /// One call moves the clock by at most ten years.
    private static let limit: Int64 = 10 * 366 * 86_400_000

    func advanceClock(
        _ request: Development.AdvanceClockRequest, context: RequestContext
    ) async throws -> Development.AdvanceClockReply {
        guard (0...Self.limit).contains(request.byMs) else {
            throw RPCError(
                code: .invalidArgument,
                message: "the clock moves forward by 0 to \(Self.limit) ms, not \(request.byMs)")
        }
        clock.advance(by: .milliseconds(request.byMs))
        if request.byMs > 0 {
            do {
                try file.keep(clock)
            } catch {
                throw RPCError(code: .internalError, message: error.description)
            }
        }
        return Development.AdvanceClockReply(nowMs: clock.now().milliseconds)
    }
}
