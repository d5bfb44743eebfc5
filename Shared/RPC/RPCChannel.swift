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

    /// Begins a call of a method that streams. It waits for a connection as other calls do: what is wrong with it
    /// may be seen only when messages are sent or asked for.
    /// - Parameters:
    ///   - request: nil where the request streams, too.
    ///   - options: where they name no time, the call may take the longest that there is, an hour.
    /// - Returns: the caller's end, to be cancelled when it is no longer wanted.
    func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream
}

extension RPCChannel {
    /// For channels that carry no streams: refuses.
    public func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream {
        throw RPCError(
            code: .unimplemented,
            message: "\(method.name) is a stream, which this channel does not carry",
            verdict: .never)
    }
}
