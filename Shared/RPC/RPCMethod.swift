/// A method by its full name, "quota.v1.Quota/ListRecords".
public struct RPCMethod: Sendable, Hashable {
    public let name: String
    /// FNV-1a-32 of the name: what travels instead of it. Never 0; the generator refuses collisions.
    public let id: UInt32
    /// It changes nothing (`idempotency_level = NO_SIDE_EFFECTS`): it needs no idempotency key and may be repeated.
    public let isReadOnly: Bool
    /// How many messages go each way.
    public let kind: Kind

    public init(_ name: String, readOnly: Bool = false, kind: Kind = .unary) {
        self.name = name
        id = Self.id(of: name)
        isReadOnly = readOnly
        self.kind = kind
    }

    /// How many messages a call has each way.
    public enum Kind: Sendable, Hashable {
        /// One each way.
        case unary
        /// One request, many replies.
        case serverStream
        /// Many requests, one reply.
        case clientStream
        /// Many each way.
        case bidirectional

        /// Whether the request has any number of messages.
        public var requestsStream: Bool { self == .clientStream || self == .bidirectional }
        /// Whether the reply has any number of messages.
        public var repliesStream: Bool { self == .serverStream || self == .bidirectional }
    }

    /// Stands for a method that a server does not know.
    package static let unknown = RPCMethod("unknown")

    /// FNV-1a-32; "wire.v1.Health/Check" → 0xebc4d216.
    public static func id(of name: String) -> UInt32 {
        name.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }

    public static func == (left: RPCMethod, right: RPCMethod) -> Bool {
        left.id == right.id && left.name == right.name
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
