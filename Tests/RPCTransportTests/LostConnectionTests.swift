import Logging
import Messages
import NIOCore
import NIOPosix
import RPC
import ServiceLifecycle
import Testing

@testable import RPCTransport

@Suite("Lost connections, and servers that come and go", .timeLimit(.minutes(1)))
struct LostConnectionTests {
    private let method = RPCMethod("test.v1.Test/Work")

    @Test("A server that dies during a call: it may have run")
    func diesDuringCall() async throws {
        let began = Signal()
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) -> Tasks.News in
                began.raise()
                try await Task.sleep(for: .seconds(3600))
                return Tasks.News()
            }
        }
        let server = RPCServer(
            configuration: configuration(), routes: routes, admission: { _ in }, logger: quiet)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let error = await failure {
                try await withChannel(try await server.listeningPort()) { channel in
                    try await withThrowingTaskGroup(of: Void.self) { calls in
                        calls.addTask { _ = try await channel.call(method) }
                        try await began.wait()
                        group.cancelAll()
                        try await calls.waitForAll()
                    }
                }
            }
            #expect(error?.code == .unavailable)
            #expect(error?.verdict == .unknown)
        }
    }

    @Test("A call waits for a server that comes later, and the channel finds it again")
    func reconnects() async throws {
        // A port that was free a moment ago.
        let port = try await freePort()
        try await withChannel(port) { channel in
            try await withThrowingTaskGroup(of: Tasks.News.self) { group in
                group.addTask { try await channel.call(echo, "early") }
                group.addTask {
                    try await withServer(routes(), configuration(port: port)) { _ in
                        _ = try await channel.call(echo, "first")
                    }
                    return Tasks.News(title: "served")
                }
                try await group.waitForAll()
            }
            try await withServer(routes(), configuration(port: port)) { _ in
                let again = try await retrying { try await channel.call(echo, "again") }
                #expect(again.title == "again")
            }
        }
    }

    @Test("No server: the call fails when its time is up, and did not run")
    func nobodyThere() async throws {
        let port = try await freePort()
        try await withChannel(port) { channel in
            let error = await failure {
                try await channel.call(echo, timeout: .milliseconds(200))
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.verdict == .notExecuted)
            #expect(error?.message.contains("127.0.0.1:\(port)") == true)
        }
    }

    @Test("An unknown host never hangs")
    func unknownHost() async throws {
        try await withChannel(1, host: "no-such-host.invalid") { channel in
            let error = await failure {
                try await channel.call(echo, timeout: .milliseconds(300))
            }
            #expect(error?.verdict == .notExecuted)
        }
    }

    @Test("A closed channel fails its calls, those that wait and those that come")
    func closedChannel() async throws {
        let port = try await freePort()
        let channel = TCPChannel(
            host: "127.0.0.1", port: port,
            configuration: ChannelConfiguration(peerName: "tester/1@0.1.0"), logger: quiet)
        await withTaskGroup(of: RPCError?.self) { group in
            group.addTask { await failure { try await channel.call(echo) } }
            await channel.close()
            let error = await group.next() ?? nil
            #expect(error?.verdict == .notExecuted)
        }
        let error = await failure { try await channel.call(echo) }
        #expect(error?.code == .unavailable)
    }

    @Test("A taken port names what to change; so does an unknown address")
    func takenPort() async throws {
        try await withServer { port in
            let second = RPCServer(
                configuration: configuration(port: port), routes: routes(), admission: { _ in },
                logger: quiet)
            let error = await #expect(throws: TransportError.self) { try await second.run() }
            #expect(error?.description.contains("127.0.0.1:\(port) is already in use") == true)
            await #expect(throws: TransportError.self) { try await second.listeningPort() }
        }
        var elsewhere = configuration()
        elsewhere.host = "no-such-host.invalid"
        let lost = RPCServer(
            configuration: elsewhere, routes: routes(), admission: { _ in }, logger: quiet)
        let error = await #expect(throws: TransportError.self) { try await lost.run() }
        #expect(error?.description.contains("no-such-host.invalid") == true)
    }

    @Test("A graceful shutdown finishes running calls, and later ones go elsewhere")
    func gracefulShutdown() async throws {
        let (began, go) = (Signal(), Signal())
        let routes = routes {
            $0.unary(method) { (news: Tasks.News, _) in
                began.raise()
                try await go.wait()
                return news
            }
        }
        let server = RPCServer(
            configuration: configuration(), routes: routes, admission: { _ in }, logger: quiet)
        let services = ServiceGroup(services: [server], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let port = try await server.listeningPort()
            try await withChannel(port) { channel in
                try await withThrowingTaskGroup(of: Tasks.News.self) { calls in
                    calls.addTask { try await channel.call(method, "running") }
                    try await began.wait()
                    await services.triggerGracefulShutdown()
                    let late = await failure {
                        while true {
                            do {
                                _ = try await channel.call(echo, timeout: .milliseconds(100))
                            } catch let error as RPCError where error.verdict == .unknown {
                                // It was on its way when this busy machine took all of its time.
                            }
                        }
                    }
                    #expect(late?.code == .deadlineExceeded)
                    #expect(late?.verdict == .notExecuted)
                    go.raise()
                    let reply = try await calls.next()
                    #expect(reply?.title == "running")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("After the grace, handlers are cancelled")
    func graceIsOver() async throws {
        let (began, cancelled) = (Signal(), Signal())
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) -> Tasks.News in
                began.raise()
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    cancelled.raise()
                    throw error
                }
                return Tasks.News()
            }
        }
        let server = RPCServer(
            configuration: configuration { $0.limits.grace = .milliseconds(50) }, routes: routes,
            admission: { _ in }, logger: quiet)
        let services = ServiceGroup(services: [server], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await withChannel(try await server.listeningPort()) { channel in
                let error = await withTaskGroup(of: RPCError?.self) { calls in
                    calls.addTask { await failure { try await channel.call(method) } }
                    try? await began.wait()
                    await services.triggerGracefulShutdown()
                    return await calls.next() ?? nil
                }
                #expect(error?.code == .cancelled)
            }
            try await cancelled.wait()
            try await group.waitForAll()
        }
    }

    @Test("Connections that come while a server shuts down do not hold it")
    func lateConnections() async throws {
        for _ in 0..<200 {
            try await withServer { port in
                // The server ends while these are made.
                for _ in 0..<16 {
                    ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                        .connect(host: "127.0.0.1", port: port)
                        .whenSuccess { $0.close(promise: nil) }
                }
            }
        }
    }

    private func freePort() async throws -> Int {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = listener.localAddress?.port ?? 0
        try await listener.close()
        return port
    }

    /// The first call after a server went away may still meet its connection's end.
    private func retrying(_ body: () async throws -> Tasks.News) async throws -> Tasks.News {
        for _ in 0..<3 {
            do { return try await body() } catch let error as RPCError
                where error.code == .unavailable
            {}
        }
        return try await body()
    }
}
