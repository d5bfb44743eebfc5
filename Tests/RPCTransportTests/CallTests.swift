import MessageCoding
import Messages
import RPC
import Synchronization
import Testing

@testable import RPCTransport

@Suite("Calls over loopback", .timeLimit(.minutes(1)))
struct CallTests {
    @Test("The message comes back")
    func echoes() async throws {
        try await withServer { port in
            try await withChannel(port) { channel in
                let reply = try await channel.call(echo, "七夕")
                #expect(reply.title == "七夕")
                let empty = try await channel.call(echo)
                #expect(empty.title.isEmpty)
            }
        }
    }

    @Test("A thousand calls at once all get their own answer")
    func manyAtOnce() async throws {
        try await withServer { port in
            try await withChannel(port) { channel in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<1000 {
                        group.addTask {
                            let reply = try await channel.call(echo, "\(number)")
                            #expect(reply.title == "\(number)")
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("Four megabytes travel; more is refused before it is sent")
    func largeMessages() async throws {
        try await withServer { port in
            try await withChannel(port) { channel in
                let text = String(repeating: "x", count: 4_194_000)
                let reply = try await channel.call(echo, text)
                #expect(reply.title == text)
                let error = await #expect(throws: RPCError.self) {
                    try await channel.call(echo, text + text)
                }
                #expect(error?.code == .resourceExhausted)
                #expect(error?.verdict == .never)
                let next = try await channel.call(echo, "still")
                #expect(next.title == "still")
            }
        }
    }
}

@Suite("Errors, deadlines and cancellation over loopback", .timeLimit(.minutes(1)))
struct EndOfCallTests {
    private let method = RPCMethod("test.v1.Test/Work")

    @Test("An error arrives with its details, its verdict and its method")
    func errors() async throws {
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) -> Tasks.News in
                throw RPCError(
                    code: .failedPrecondition, message: "名额不足",
                    details: [ErrorDetail(type: "x.Y", value: [1])], verdict: .never,
                    retryAfter: .seconds(2))
            }
        }
        try await withServer(routes) { port in
            try await withChannel(port) { channel in
                let error = await failure { try await channel.call(method) }
                #expect(error?.code == .failedPrecondition)
                #expect(error?.message == "名额不足")
                #expect(error?.details == [ErrorDetail(type: "x.Y", value: [1])])
                #expect(error?.verdict == .never)
                #expect(error?.retryAfter == .seconds(2))
                #expect(error?.method == method.name)
                let unknown = await failure { try await channel.call(RPCMethod("a.B/C")) }
                #expect(unknown?.code == .unimplemented)
            }
        }
    }

    @Test("The deadline ends the call on both sides")
    func deadline() async throws {
        let cancelled = Signal()
        let hasBegun = Mutex(false)
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) -> Tasks.News in
                hasBegun.withLock { $0 = true }
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    cancelled.raise()
                }
                return Tasks.News()
            }
        }
        try await withServer(routes) { port in
            try await withChannel(port) { channel in
                // On a busy machine a short time may run out before the handler begins.
                var timeout = Duration.milliseconds(50)
                while !hasBegun.withLock({ $0 }) {
                    let error = await failure { try await channel.call(method, timeout: timeout) }
                    #expect(error?.code == .deadlineExceeded)
                    timeout *= 2
                }
                try await cancelled.wait()
            }
        }
    }

    @Test("Cancelling the caller reaches the handler, and the connection goes on")
    func cancellation() async throws {
        let (began, cancelled) = (Signal(), Signal())
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, _) -> Tasks.News in
                began.raise()
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    cancelled.raise()
                }
                return Tasks.News()
            }
        }
        try await withServer(routes) { port in
            try await withChannel(port) { channel in
                let error = await withTaskGroup(of: RPCError?.self) { group in
                    group.addTask { await failure { try await channel.call(method) } }
                    try? await began.wait()
                    group.cancelAll()
                    return await group.next() ?? nil
                }
                #expect(error?.code == .cancelled)
                #expect(error?.verdict == .unknown)
                try await cancelled.wait()
                let next = try await channel.call(echo, "next")
                #expect(next.title == "next")
            }
        }
    }

    @Test("A task that is cancelled before it calls sends nothing")
    func cancelledBefore() async throws {
        try await withServer { port in
            try await withChannel(port) { channel in
                let error = await withTaskGroup(of: RPCError?.self) { group in
                    group.cancelAll()
                    group.addTask { await failure { try await channel.call(echo) } }
                    return await group.next() ?? nil
                }
                #expect(error?.code == .cancelled)
                #expect(error?.verdict == .notExecuted)
            }
        }
    }

    @Test("A handler's own calls inherit its time and its session, over sockets")
    func nested() async throws {
        let inner = routes {
            $0.unary(method) { (_: Tasks.News, context) -> Tasks.News in
                #expect(context.session == [7])
                #expect(ContinuousClock.now.duration(to: context.deadline) <= .seconds(30))
                return Tasks.News(title: context.peer.name)
            }
        }
        try await withServer(inner) { innerPort in
            try await withChannel(innerPort) { innerChannel in
                let outer = routes {
                    $0.unary(method) { (_: Tasks.News, _) in try await innerChannel.call(method) }
                }
                try await withServer(outer) { port in
                    try await withChannel(port) { channel in
                        var options = CallOptions()
                        options.metadata.set(Metadata.sessionKey, [7])
                        let reply = try await channel.call(
                            method, timeout: .seconds(30), options: options)
                        #expect(reply.title == "tester/1@0.1.0")
                    }
                }
            }
        }
    }

    @Test("A handler knows the network that its caller calls from, whatever the caller's name is")
    func network() async throws {
        let routes = routes {
            $0.unary(method) { (_: Tasks.News, context) -> Tasks.News in
                #expect(context.peer.network == PeerNetwork(address: [127, 0, 0, 1]))
                return Tasks.News(title: context.peer.name)
            }
        }
        try await withServer(routes) { port in
            for name in ["a/1@1", "b/1@1"] {
                let reply = try await withChannel(port, { $0.peerName = name }) { channel in
                    try await channel.call(method)
                }
                #expect(reply.title == name)
            }
        }
    }

    @Test("Over the server's limit, calls wait on this side until there is room")
    func waiting() async throws {
        let configuration = configuration { $0.limits.maxCalls = 4 }
        let routes = routes {
            $0.unary(method) { (news: Tasks.News, _) in
                await Task.yield()
                return news
            }
        }
        try await withServer(routes, configuration) { port in
            try await withChannel(port) { channel in
                // The server's Hello tells the limit.
                _ = try await channel.call(echo)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<100 {
                        group.addTask {
                            let reply = try await channel.call(method, "\(number)")
                            #expect(reply.title == "\(number)")
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
}
