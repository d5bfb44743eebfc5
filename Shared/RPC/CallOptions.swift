/// How one call is made. What is not set comes from the call that this one is made for
/// (`CallScope`), then from the channel.
public struct CallOptions: Sendable {
    /// How long the caller waits: connecting, queueing and answering together. Nil: what is left
    /// of the surrounding call's time, at most the channel's default; an hour for calls that stream.
    public var timeout: Duration?
    /// At most 64 pairs and 8 KiB.
    public var metadata = Metadata()
    /// Makes a repeat of a change harmless. Generated clients set a random one when there is none.
    public var idempotencyKey: IdempotencyKey?
    /// Which work goes first under load. Only services may ask for more than the method's own.
    public var priority = CallPriority.normal
    /// The trace that the call belongs to. Nil: the surrounding call's, or a new one.
    public var trace: TraceContext?
    /// How often the call was sent before.
    package var attempt: UInt32 = 0

    public init() {}
}

/// Which work goes first under load.
public enum CallPriority: UInt32, Sendable, Hashable {
    case normal = 0
    case critical = 1
    case sheddable = 2
    case bestEffort = 3
}

/// 16 random bytes under which the owner of the data keeps a change's outcome.
public struct IdempotencyKey: Sendable, Hashable {
    /// Exactly 16.
    public let bytes: [UInt8]

    public static let byteCount = 16

    /// Nil unless there are 16 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// A new key from the system's random numbers.
    public static func random() -> IdempotencyKey {
        var generator = SystemRandomNumberGenerator()
        return IdempotencyKey(high: generator.next(), low: generator.next())
    }

    private init(high: UInt64, low: UInt64) {
        bytes = (0..<16).map { index in
            let word = index < 8 ? high : low
            return UInt8(truncatingIfNeeded: word >> UInt64(8 * (index % 8)))
        }
    }
}

/// Pairs that travel with a call beside its message.
public struct Metadata: Sendable, Hashable {
    /// The most pairs of a call.
    public static let mostPairs = 64
    /// The most bytes of a call's keys and values together.
    public static let mostBytes = 8 << 10
    /// The key of the user's session token, 32 bytes.
    public static let sessionKey = "session"

    /// In the order they were set; a key appears once.
    public private(set) var pairs: [(key: String, value: [UInt8])] = []

    public init() {}

    /// Whether there is none.
    public var isEmpty: Bool { pairs.isEmpty }

    /// The value under the key.
    public subscript(key: String) -> [UInt8]? { pairs.first { $0.key == key }?.value }

    /// Sets the key's value, in place of one that it had.
    public mutating func set(_ key: String, _ value: [UInt8]) {
        if let index = pairs.firstIndex(where: { $0.key == key }) {
            pairs[index].value = value
        } else {
            pairs.append((key, value))
        }
    }

    public static func == (left: Metadata, right: Metadata) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.key == $1.key && $0.value == $1.value }
    }

    public func hash(into hasher: inout Hasher) {
        for pair in pairs {
            hasher.combine(pair.key)
            hasher.combine(pair.value)
        }
    }
}
