public import MessageCoding

/// Where calls go: a service over TCP, or one in this process. Safe to share; it reconnects by itself.
public protocol RPCChannel: Sendable {
    /// Sends one message and returns the one reply.
    ///
    /// Cancelling the task cancels the call on the wire.
    /// - Throws: `RPCError` with the code, and whether the call ran.
    func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply
}
