/// The key that the services of one deployment share: who has it, is one of them.
/// It is neither printed nor encoded, and compared in constant time.
public struct ServiceKey: Sendable {
    let bytes: [UInt8]

    /// Exactly so many bytes.
    public static let byteCount = 32
    /// How a Hello says that it carries the key.
    static let scheme = "service-key"

    /// Nil unless there are 32 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Whether the other side sent this key. The time it takes says nothing about how much was right.
    func matches(_ other: [UInt8]) -> Bool {
        guard other.count == bytes.count else { return false }
        var difference: UInt8 = 0
        for index in bytes.indices { difference |= bytes[index] ^ other[index] }
        return difference == 0
    }
}

extension ServiceKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "ServiceKey(hidden)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
