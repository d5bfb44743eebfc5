package import MessageCoding

/// One end of a streaming call within this process: a queue each way.
final class InProcessStream: MessageStream {
    private let outgoing: MessageQueue
    private let incoming: MessageQueue
    /// Ends the call; on the server's end nothing.
    private let cancelCall: @Sendable () -> Void

    private init(
        outgoing: MessageQueue, incoming: MessageQueue, cancel: @escaping @Sendable () -> Void
    ) {
        self.outgoing = outgoing
        self.incoming = incoming
        cancelCall = cancel
    }

    /// The queues of a call.
    struct Queues: Sendable {
        let requests = MessageQueue(window: ConnectionLimits.defaultStreamWindow)
        let replies = MessageQueue(window: ConnectionLimits.defaultStreamWindow)

        var serverEnd: InProcessStream {
            InProcessStream(outgoing: replies, incoming: requests, cancel: {})
        }

        func callerEnd(cancel: @escaping @Sendable () -> Void) -> InProcessStream {
            InProcessStream(outgoing: requests, incoming: replies, cancel: cancel)
        }
    }

    func send(_ message: any Message) async throws(RPCError) {
        try await outgoing.push(InProcessChannel.packed(message))
    }

    func finish() { outgoing.end(nil) }

    func next<M: Message>(_ type: M.Type) async throws(RPCError) -> M? {
        guard let bytes = try await incoming.next() else { return nil }
        do throws(MessageFault) {
            return try M(decoding: bytes)
        } catch {
            throw RPCError.unreadableMessage(error)
        }
    }

    func cancel() { cancelCall() }
}

extension RPCError {
    /// The other end of a stream sent what is no message of its type.
    package static func unreadableMessage(_ fault: MessageFault) -> RPCError {
        RPCError(
            code: .invalidArgument,
            message: "a message of the stream cannot be read: \(fault.message)",
            verdict: .never)
    }
}
