/// Who is at the other end of a connection, as its Hello said and its certificate proved.
public struct Peer: Sendable, Hashable {
    /// "service/instance@version".
    public let name: String
    /// Whether it proved to be the service that it names. An anonymous peer's name means nothing.
    public let isAuthenticated: Bool

    /// The network that it calls from; nil in the same process. Unlike an anonymous peer's name it is not a claim.
    package var network: PeerNetwork?

    public init(name: String, isAuthenticated: Bool) {
        self.name = name
        self.isAuthenticated = isAuthenticated
    }

    /// The part before the slash: "declaration-service".
    public var kind: String { String(name.prefix { $0 != "/" }) }
}

/// As much of a peer's address as it cannot choose: an IPv4 address, or the first 64 bits of an IPv6 address,
/// behind which one subscriber has 2⁶⁴ of them (RFC 6177).
package struct PeerNetwork: Sendable, Hashable {
    private let bits: UInt64

    /// - Parameter address: 4 or 16 bytes, as on the wire; nil for any other number of them.
    package init?(address: some Collection<UInt8>) {
        // An IPv4 peer of a listener for both (RFC 4291, 2.5.5.2).
        let isMapped =
            address.count == 16 && address.prefix(10).allSatisfy { $0 == 0 }
            && address.dropFirst(10).prefix(2).allSatisfy { $0 == 0xFF }
        switch address.count {
        case 4: bits = Self.number([0, 0, 0xFF, 0xFF] + address)
        case 16: bits = Self.number(isMapped ? address.suffix(6) : address.prefix(8))
        default: return nil
        }
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// What a handler knows of its call besides the message.
package struct RequestContext: Sendable {
    /// What the call came with. It does not change, and is shared: a context is handed on many times.
    fileprivate let arrival: Arrival
    /// Its place among the calls that the server runs at once.
    var pass: AdaptiveLimit.Pass?
    /// What admission found out about the caller.
    package var attachment: (any Sendable)?

    /// Of a call that came to a server. One without a trace begins one.
    /// - Parameters:
    ///   - route: nil when the server does not know the method.
    ///   - requestBytes: of the message alone.
    ///   - drain: that the server shuts down; for calls that stream over a connection.
    package init(
        _ request: Frame.Request, for route: RouteTable.Route?, of peer: Peer, requestBytes: Int,
        end: Moment, drain: DrainSignal? = nil
    ) {
        arrival = Arrival(
            method: route?.method ?? .unknown, peer: peer, request: request,
            priority: route?.priority?.asked(
                request.priority, byKnownPeer: peer.isAuthenticated) ?? request.priority,
            trace: request.trace ?? .start(), requestBytes: requestBytes, end: end, drain: drain)
    }

    package init(
        method: RPCMethod, peer: Peer, metadata: Metadata = Metadata(),
        deadline: ContinuousClock.Instant, idempotencyKey: IdempotencyKey? = nil,
        priority: CallPriority = .normal, attempt: UInt32 = 0, trace: TraceContext? = nil
    ) {
        var request = Frame.Request(method: .id(method.id))
        request.metadata = metadata
        request.idempotencyKey = idempotencyKey
        request.attempt = attempt
        arrival = Arrival(
            method: method, peer: peer, request: request, priority: priority, trace: trace,
            requestBytes: 0, end: Moment(deadline), drain: nil)
    }

    package var method: RPCMethod { arrival.method }
    package var peer: Peer { arrival.peer }
    package var metadata: Metadata { arrival.request.metadata }
    package var idempotencyKey: IdempotencyKey? { arrival.request.idempotencyKey }
    /// 0 for a first try.
    package var attempt: UInt32 { arrival.request.attempt }
    /// What the call counts as under load: its method's priority, and what its caller asked for.
    package var priority: CallPriority { arrival.priority }
    package var trace: TraceContext? { arrival.trace }
    /// Of the message alone.
    package var requestBytes: Int { arrival.requestBytes }
    /// When the caller stops waiting. The handler's task is cancelled then.
    package var deadline: ContinuousClock.Instant { end.instant }
    /// The deadline as the runtime counts.
    package var end: Moment { arrival.end }
    /// That the server shuts down; for calls that stream over a connection, which may be long.
    package var drain: DrainSignal? { arrival.drain }
    /// The user's session token.
    package var session: [UInt8]? { arrival.session }

    fileprivate final class Arrival: Sendable {
        let method: RPCMethod
        let peer: Peer
        let request: Frame.Request
        let priority: CallPriority
        let trace: TraceContext?
        let requestBytes: Int
        let end: Moment
        let drain: DrainSignal?
        var session: [UInt8]? { request.metadata[Metadata.sessionKey] }

        init(
            method: RPCMethod, peer: Peer, request: Frame.Request, priority: CallPriority,
            trace: TraceContext?, requestBytes: Int, end: Moment, drain: DrainSignal?
        ) {
            self.method = method
            self.peer = peer
            self.request = request
            self.priority = priority
            self.trace = trace
            self.requestBytes = requestBytes
            self.end = end
            self.drain = drain
        }
    }
}

/// Decides on each call before its handler runs: attaches who calls, or throws.
package typealias Admission =
    @Sendable (_ context: inout RequestContext) async throws(RPCError) -> Void

/// What a handler's nested calls inherit without its help: the time left, the user's session, priority and trace.
package struct CallScope: Sendable {
    private let arrival: RequestContext.Arrival
    private var hasUser = true

    package init(_ context: RequestContext) { arrival = context.arrival }

    package var deadline: ContinuousClock.Instant { end.instant }
    /// The deadline as the runtime counts.
    package var end: Moment { arrival.end }
    package var session: [UInt8]? { hasUser ? arrival.session : nil }
    package var priority: CallPriority { arrival.priority }
    package var trace: TraceContext? { arrival.trace }

    /// The same without the user: for what a service asks in its own name.
    package var withoutUser: CallScope {
        var scope = self
        scope.hasUser = false
        return scope
    }

    /// The call that the current task serves; nil outside of handlers.
    @TaskLocal package static var current: CallScope?
}
