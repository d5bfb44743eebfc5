/// Why a server cannot listen: what the operator must change, in one line.
public struct TransportError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
