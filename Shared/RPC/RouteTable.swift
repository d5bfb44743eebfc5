package import MessageCoding

/// The methods that a server answers.
package struct RouteTable: Sendable {
    /// A method with what runs for it. Safe to hold: it keeps no bytes.
    @safe package struct Route: Sendable {
        package let method: RPCMethod
        /// Reads the request's bytes and returns the work that is left. Nothing of the bytes is kept.
        package let prepare:
            @Sendable (_ payload: UnsafeRawBufferPointer) throws(MessageFault) -> PreparedCall
    }

    /// A call whose request is read: runs the handler.
    package typealias PreparedCall =
        @Sendable (_ context: RequestContext) async throws -> any Message

    private var routes: [UInt32: Route] = [:]

    package init() {}

    /// Adds a unary method. A method or an id that is there already is a programmer's error.
    package mutating func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod,
        _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Reply
    ) {
        precondition(method.id != 0, "\(method.name) hashes to 0")
        if let other = routes[method.id] {
            preconditionFailure("\(method.name) and \(other.method.name) have the same id")
        }
        routes[method.id] = unsafe Route(method: method) { payload throws(MessageFault) in
            let request = try unsafe Request(decoding: payload)
            return { context in try await handler(request, context) }
        }
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
