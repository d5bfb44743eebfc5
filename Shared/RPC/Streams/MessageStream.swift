public import MessageCoding

/// One end of a streaming call: messages each way, one by one. Whoever sends waits while the other end takes no more.
///
/// Programs meet it as `ReplyStream` and `RequestWriter`; a channel of one's own passes it on.
public protocol MessageStream: AnyObject, Sendable {
    /// Sends a message; waits for room. Messages go in the order of the calls; after the call has ended well, a
    /// message is dropped.
    /// - Throws: why the call failed; `cancelled` when the task was cancelled while it waited.
    func send(_ message: any Message) async throws(RPCError)

    /// No further messages will be sent from this end. Says nothing on a server's end, where the handler's return does.
    func finish()

    /// The next message; nil when the other end has sent all and, on the caller's end, the call has succeeded.
    /// Where a method answers with one message, that is the only one. One task at a time asks.
    /// - Throws: why the call failed; `cancelled` when the task was cancelled while it waited.
    func next<M: Message>(_ type: M.Type) async throws(RPCError) -> M?

    /// Ends the call unless it has ended: nobody wants its messages any more.
    func cancel()
}

/// Keeps a caller's end, and cancels the call when nobody has it any more.
final class OpenStream: Sendable {
    let stream: any MessageStream

    init(_ stream: any MessageStream) {
        self.stream = stream
    }

    deinit { stream.cancel() }
}
