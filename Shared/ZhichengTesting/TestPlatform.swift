public import Logging
public import MessageCoding
public import RPC
public import ZhichengClient

/// A platform within the test's own process: it answers as the test says, and its clients are real ones.
///
/// Messages are encoded and decoded, deadlines, cancellation, metadata and their bounds, errors, retries and interceptors
/// are those of a connection. One difference: a caller whose time is up gets its answer when the handler has ended.
///
/// ```swift
/// var platform = TestPlatform()
/// platform.answer({ $0.tasks.list }) { request, call in
///     Tasks.ListTasksReply(tasks: [Tasks.Task(title: "教育经历")])
/// }
/// let client = await platform.client()
/// ```
///
/// A call that has no handler fails with `unimplemented`.
public struct TestPlatform: Sendable {
    /// A call of a typed client, as `client.tasks.list` is one.
    public typealias Function<Request: Message, Reply: Message> =
        (Request, CallOptions) async throws(RPCError) -> Reply

    /// A call of a typed client that is answered by many messages, as `client.tasks.watch` is one.
    public typealias StreamFunction<Request: Message, Reply: Message> =
        (Request, CallOptions) -> ReplyStream<Reply>

    /// Puts a handler behind its method.
    private typealias Registration =
        @Sendable (_ routes: inout [MethodProbe.Target: Route]) async -> Void
    private typealias Route = @Sendable (_ routes: inout RouteTable) -> Void

    private var registrations: [Registration] = []

    /// A platform that answers nothing yet.
    public init() {}

    /// Answers a call of a typed client. The last handler of a call counts, so that a test can replace one of its set-up.
    /// An upload's handler gets the whole content in one request.
    /// - Parameters:
    ///   - function: names the call: `{ $0.tasks.list }`. It must be a generated client's own, one of those that take a
    ///     request and options.
    ///   - handler: what it throws reaches the caller as it would from a service: an `RPCError` as it is, anything else
    ///     as `internalError` without its text.
    public mutating func answer<Request: Message, Reply: Message>(
        _ function: @escaping @Sendable (PlatformClient) -> Function<Request, Reply>,
        with handler:
            @escaping @Sendable (_ request: Request, _ call: ReceivedCall) async throws -> Reply
    ) {
        registrations.append { routes in
            let target = await MethodProbe.target { client in
                // It always fails: what counts is what it asked for.
                _ = try? await function(client)(Request(), CallOptions())
            }
            routes[target] = { table in
                guard target.method.kind == .clientStream else {
                    return table.unary(target.method) { (request: Request, context) in
                        try await handler(request, ReceivedCall(context))
                    }
                }
                table.clientStream(target.method) { (requests: RequestStream<Request>, context) in
                    try await handler(try await requests.whole(), ReceivedCall(context))
                }
            }
        }
    }

    /// Answers a call of a typed client with many messages.
    /// - Parameters:
    ///   - function: names the call: `{ $0.tasks.watch }`.
    ///   - handler: sends each message with `send`, which waits while the caller takes none; the reply ends when it
    ///     returns.
    public mutating func answer<Request: Message, Reply: Message>(
        _ function: @escaping @Sendable (PlatformClient) -> StreamFunction<Request, Reply>,
        with handler:
            @escaping @Sendable (
                _ request: Request, _ call: ReceivedCall,
                _ send: @Sendable (Reply) async throws(RPCError) -> Void
            ) async throws -> Void
    ) {
        registrations.append { routes in
            let target = await MethodProbe.target { client in
                for try await _ in function(client)(Request(), CallOptions()) {}
            }
            routes[target] = { table in
                table.serverStream(target.method) {
                    (request: Request, replies: ReplyWriter<Reply>, context: RequestContext) in
                    try await handler(request, ReceivedCall(context)) { reply throws(RPCError) in
                        try await replies.send(reply)
                    }
                }
            }
        }
    }

    /// A client of the platform as it is now; it needs no `run()`, and nothing has to be closed.
    /// - Parameters:
    ///   - timeout: of a call whose options name none.
    ///   - retries: when a failed call is sent again.
    ///   - interceptors: what every call passes.
    ///   - logger: gets what handlers throw besides `RPCError`, and further attempts; nobody without one.
    public func client(
        timeout: Duration = .seconds(10), retries: RetryPolicy = RetryPolicy(),
        interceptors: [CallInterceptor] = [], logger: Logger? = nil
    ) async -> PlatformClient {
        let logger = logger ?? Self.silence
        var routes: [MethodProbe.Target: Route] = [:]
        for register in registrations { await register(&routes) }
        let channels = ServiceName.allCases.map { service in
            var table = RouteTable()
            for (target, add) in routes where target.service == service { add(&table) }
            return (
                service,
                InProcessChannel(
                    routes: table, admission: { _ in },
                    peer: Peer(name: "test/1@0.1.0", isAuthenticated: false), logger: logger)
            )
        }
        return PlatformClient(
            channels: channels,
            CallRules(
                timeout: timeout, retries: retries, interceptors: interceptors, logger: logger))
    }

    static let silence = Logger(label: "zhicheng-testing") { _ in SwiftLogNoOpLogHandler() }
}
