import Logging
import MessageCoding
import Messages
import RPC
import Testing

@Suite("Calls in this process", .timeLimit(.minutes(1)))
struct InProcessChannelTests {
    private let method = RPCMethod("test.v1.Test/Run")
    private let peer = Peer(name: "tester/1@0.1.0", isAuthenticated: true)
    private struct Fault: Error {}

    private func channel(
        admission: @escaping Admission = { _ in },
        _ handler: @escaping @Sendable (Tasks.News, RequestContext) async throws -> Tasks.News
    ) -> InProcessChannel {
        var routes = RouteTable()
        routes.unary(method, handler)
        return InProcessChannel(
            routes: routes, admission: admission, peer: peer,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func call(
        _ channel: InProcessChannel, _ title: String = "", method: RPCMethod? = nil,
        options: CallOptions = CallOptions()
    ) async throws -> Tasks.News {
        try await channel.unary(
            method ?? self.method, Tasks.News(title: title), options: options)
    }

    private func failure(_ body: () async throws -> Tasks.News) async -> RPCError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? RPCError
        }
    }

    @Test("The handler sees what the options say and who calls")
    func context() async throws {
        let channel = channel { [peer] request, context in
            #expect(context.peer == peer)
            #expect(context.session == [1, 2])
            #expect(context.idempotencyKey?.bytes == Array(0..<16))
            #expect(context.priority == .critical)
            let left = ContinuousClock.now.duration(to: context.deadline)
            #expect(left > .seconds(5) && left <= .seconds(30))
            return Tasks.News(title: request.title + "!")
        }
        var options = CallOptions()
        options.metadata.set(Metadata.sessionKey, [1, 2])
        options.idempotencyKey = IdempotencyKey(Array(0..<16))
        options.priority = .critical
        options.timeout = .seconds(30)
        let reply = try await call(channel, "通过", options: options)
        #expect(reply.title == "通过!")
    }

    @Test("A nested call inherits the time left, the session and the priority")
    func inherits() async throws {
        let inner = channel { _, context in
            #expect(context.session == [9])
            #expect(context.priority == .sheddable)
            #expect(ContinuousClock.now.duration(to: context.deadline) <= .seconds(30))
            return Tasks.News()
        }
        let outer = channel { _, _ in try await call(inner) }
        var options = CallOptions()
        options.metadata.set(Metadata.sessionKey, [9])
        options.priority = .sheddable
        options.timeout = .seconds(30)
        _ = try await call(outer, options: options)
        #expect(CallScope.current == nil)
    }

    @Test("Errors of handlers: as they are, as cancellation, as nothing but internal")
    func errors() async throws {
        let own = channel { _, _ in
            throw RPCError(code: .notFound, message: "没有", verdict: .never)
        }
        let notFound = await failure { try await call(own) }
        #expect(notFound?.code == .notFound)
        #expect(notFound?.verdict == .never)
        #expect(notFound?.method == method.name)
        let cancelled = await failure {
            try await call(channel { _, _ in throw CancellationError() })
        }
        #expect(cancelled?.code == .cancelled)
        let hidden = await failure { try await call(channel { _, _ in throw Fault() }) }
        #expect(hidden?.code == .internalError)
        #expect(hidden?.message == "internal error")
        #expect(hidden?.cause == nil)
    }

    @Test("Admission refuses, or attaches what it found out")
    func admission() async throws {
        let refusing = channel(
            admission: { _ throws(RPCError) in
                throw RPCError(code: .permissionDenied, message: "no")
            }, { _, _ in Tasks.News() })
        let refused = await failure { try await call(refusing) }
        #expect(refused?.code == .permissionDenied)
        let attaching = channel(
            admission: { $0.attachment = "somebody" },
            { _, context in Tasks.News(title: context.attachment as? String ?? "") })
        let reply = try await call(attaching)
        #expect(reply.title == "somebody")
    }

    @Test("The deadline cancels the handler")
    func deadline() async throws {
        let channel = channel { _, _ in
            try await Task.sleep(for: .seconds(3600))
            return Tasks.News()
        }
        var options = CallOptions()
        options.timeout = .seconds(3)
        let error = await failure { try await call(channel, options: options) }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.verdict == .unknown)
    }

    @Test("A call whose time is up before its handler began does not run")
    func expired() async throws {
        let channel = channel { _, _ in
            Issue.record("it ran")
            return Tasks.News()
        }
        var options = CallOptions()
        options.timeout = .zero
        let error = await failure { try await call(channel, options: options) }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.verdict == .notExecuted)
    }

    @Test("Cancelling the caller cancels the handler")
    func cancellation() async throws {
        let (began, continuation) = AsyncStream<Void>.makeStream()
        let channel = channel { _, _ in
            continuation.finish()
            try await Task.sleep(for: .seconds(3600))
            return Tasks.News()
        }
        let error = await withTaskGroup(of: RPCError?.self) { group in
            group.addTask { await failure { try await call(channel) } }
            for await _ in began {}
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(error?.code == .cancelled)
    }

    @Test("Bounds: metadata, messages, unknown methods")
    func bounds() async throws {
        let channel = channel { request, _ in
            Tasks.News(title: request.title + request.title)
        }
        var pairs = CallOptions()
        for number in 0...64 { pairs.metadata.set("\(number)", []) }
        let many = await failure { try await call(channel, options: pairs) }
        #expect(many?.code == .invalidArgument)
        var bytes = CallOptions()
        bytes.metadata.set("k", [UInt8](repeating: 0, count: 8192))
        let large = await failure { try await call(channel, options: bytes) }
        #expect(large?.code == .invalidArgument)
        let half = String(repeating: "x", count: 3 << 20)
        let reply = await failure { try await call(channel, half) }
        #expect(reply?.code == .resourceExhausted)
        let request = await failure { try await call(channel, half + half) }
        #expect(request?.code == .resourceExhausted)
        let unknown = await failure {
            try await call(channel, method: RPCMethod("test.v1.Test/Nothing"))
        }
        #expect(unknown?.code == .unimplemented)
    }
}
