package import MessageCoding

/// The methods that a server answers.
package struct RouteTable: Sendable {
    /// A method with what runs for it. Safe to hold: it keeps no bytes.
    @safe package final class Route: Sendable {
        package let method: RPCMethod
        /// Which calls go first under load. Nil: never refused for load and not counted, as health checks.
        package let priority: CallPriority?
        /// Reads the request's bytes.
        package let prepare: Preparation

        fileprivate init(
            method: RPCMethod, priority: CallPriority? = .normal, prepare: @escaping Preparation
        ) {
            self.method = method
            self.priority = priority
            unsafe self.prepare = unsafe prepare
        }
    }

    /// Reads the request's bytes and returns the work that is left. Nothing of the bytes is kept. `stream`
    /// is the server's end of a call that streams; others get none.
    package typealias Preparation =
        @Sendable (_ payload: UnsafeRawBufferPointer, _ stream: (any MessageStream)?)
        throws(MessageFault) -> PreparedCall

    /// A call whose request is read: runs admission and the handler.
    ///
    /// Whoever starts its task binds `CallScope`, so that nested calls inherit.
    package typealias PreparedCall =
        @Sendable (_ runner: CallRunner, _ context: RequestContext, _ received: Moment) async ->
        CallOutcome

    private var routes: [UInt32: Route] = [:]

    package init() {}

    /// Adds a unary method.
    package mutating func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod,
        _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Reply
    ) {
        precondition(method.kind == .unary)
        add(
            unsafe Route(method: method) { payload, _ throws(MessageFault) in
                let request = try unsafe Request(decoding: payload)
                return { runner, context, received in
                    await runner.run(context, received: received) { context in
                        try await handler(request, context)
                    }
                }
            })
    }

    /// Answers a unary method that is there in other types of the same wire form: those of its schema are then neither read
    /// nor written for it.
    package mutating func replaceUnary<Request: Message, Reply: Message>(
        _ method: RPCMethod,
        _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Reply
    ) {
        precondition(routes.removeValue(forKey: method.id) != nil, "\(method.name) has no route")
        unary(method, handler)
    }

    /// Adds a method that answers one message with many.
    package mutating func serverStream<Request: Message, Reply: Message>(
        _ method: RPCMethod,
        _ handler:
            @escaping @Sendable (Request, ReplyWriter<Reply>, RequestContext) async throws -> Void
    ) {
        precondition(method.kind == .serverStream)
        add(
            unsafe Route(method: method) { payload, stream throws(MessageFault) in
                let request = try unsafe Request(decoding: payload)
                let replies = ReplyWriter<Reply>(Self.end(stream))
                return { runner, context, received in
                    await runner.run(context, received: received) { context in
                        try await handler(request, replies, context)
                        return NoMessage()
                    }
                }
            })
    }

    /// Adds a method that answers many messages with one.
    package mutating func clientStream<Request: Message, Reply: Message>(
        _ method: RPCMethod,
        _ handler:
            @escaping @Sendable (RequestStream<Request>, RequestContext) async throws -> Reply
    ) {
        precondition(method.kind == .clientStream)
        add(
            unsafe Route(method: method) { _, stream in
                let requests = RequestStream<Request>(Self.end(stream))
                return { runner, context, received in
                    await runner.run(context, received: received) { context in
                        try await handler(requests, context)
                    }
                }
            })
    }

    /// Adds a method that answers many messages with many.
    package mutating func bidirectional<Request: Message, Reply: Message>(
        _ method: RPCMethod,
        _ handler:
            @escaping @Sendable (RequestStream<Request>, ReplyWriter<Reply>, RequestContext)
            async throws -> Void
    ) {
        precondition(method.kind == .bidirectional)
        add(
            unsafe Route(method: method) { _, stream in
                let end = Self.end(stream)
                return { runner, context, received in
                    await runner.run(context, received: received) { context in
                        try await handler(
                            RequestStream<Request>(end), ReplyWriter<Reply>(end), context)
                        return NoMessage()
                    }
                }
            })
    }

    /// A method or an id that is there already is a programmer's error.
    private mutating func add(_ route: Route) {
        let method = route.method
        precondition(method.id != 0, "\(method.name) hashes to 0")
        if let other = routes[method.id] {
            preconditionFailure("\(method.name) and \(other.method.name) have the same id")
        }
        routes[method.id] = route
    }

    private static func end(_ stream: (any MessageStream)?) -> any MessageStream {
        guard let stream else { preconditionFailure("a call that streams has no stream") }
        return stream
    }

    /// Says how much the method matters under load; nil: it is never refused for load. Without a word it
    /// is `normal`. A method without a route is a programmer's error.
    package mutating func setPriority(_ priority: CallPriority?, of method: RPCMethod) {
        guard let route = routes[method.id] else {
            preconditionFailure("\(method.name) has no route")
        }
        routes[method.id] = unsafe Route(
            method: route.method, priority: priority, prepare: route.prepare)
    }

    /// The route of an id.
    package subscript(id: UInt32) -> Route? { routes[id] }

    /// The route of a full name, compared byte for byte.
    package subscript(name: String) -> Route? {
        guard let route = routes[RPCMethod.id(of: name)],
            route.method.name.utf8.elementsEqual(name.utf8)
        else { return nil }
        return route
    }

    /// Every method, in the order of the names.
    package var methods: [RPCMethod] { routes.values.map(\.method).sorted { $0.name < $1.name } }
}
