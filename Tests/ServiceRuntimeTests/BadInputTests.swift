import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ServiceRuntime

/// What every service has beside its own methods, sent what no well-meaning caller sends.
@Suite("Bad input to health, metrics and the development clock")
struct BadInputTests {
    @Test("Every method")
    func everyMethod() async throws {
        let test = try TestEnvironment(
            name: "standard-test", migrations: [], clockStart: "2022-04-19T09:00+08:00")
        var assembly = ServiceAssembly { _, _ throws(RPCError) in
            throw RPCError(code: .unauthenticated, message: "请先登录")
        }
        assembly.serveStandard(
            test.environment, channels: [:],
            metrics: MetricsHandler(registry: MetricsRegistry(), load: ServerLoad()),
            clockFile: DevelopmentClockFile(path: test.databasePath + ".clock"))
        #expect(assembly.routes.methods.count == 3)
        let callers = [("a-portal", false), ("archive-service", true), ("zhicheng", true)].map {
            BadInput.Caller(
                $0.0,
                test.channel(assembly, peer: Peer(name: "\($0.0)/1@0.1", isAuthenticated: $0.1)))
        }
        let complaints = try await test.complaints(
            BadInput(callers: callers, ids: []), about: assembly)
        #expect(complaints.isEmpty, "\(complaints.prefix(20).joined(separator: "\n"))")
    }
}
