/// Why a message could not be read or packed. It never holds a value of the message.
public struct MessageFault: Error, Sendable, Hashable {
    /// What is wrong, for code.
    public enum Kind: Sendable, Hashable {
        /// The bytes are no protobuf of this type.
        case malformed
        /// Reading it would take more memory than the budget.
        case overBudget
        /// A string field is no UTF-8.
        case invalidUTF8
        /// More bytes than a message may have, or than the lent memory holds.
        case tooLarge
    }

    /// What is wrong, for code.
    public let kind: Kind
    /// What is wrong, for a person; names the message type.
    public let message: String

    /// - Parameter message: names the type and the limit, never a value.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension MessageFault: CustomStringConvertible {
    public var description: String { message }
}
