package import MessageCoding

/// The messages of a request that streams, as a handler gets them. The caller is held back while they are not taken.
package struct RequestStream<Request: Message>: AsyncSequence, Sendable {
    package typealias Element = Request
    package typealias Failure = RPCError

    private let stream: any MessageStream

    init(_ stream: any MessageStream) {
        self.stream = stream
    }

    /// There is one iteration: the messages come once.
    package func makeAsyncIterator() -> Iterator { Iterator(stream: stream) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let stream: any MessageStream

        /// The next message; nil when the caller has sent all.
        /// - Throws: `cancelled` when the caller is gone or the handler was cancelled; `invalidArgument` for a message
        ///   that cannot be read.
        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(RPCError) -> Request? {
            try await stream.next(Request.self)
        }
    }
}

/// Sends the messages of a reply that streams. When the handler returns, the reply has ended.
package struct ReplyWriter<Reply: Message>: Sendable {
    private let stream: any MessageStream

    init(_ stream: any MessageStream) {
        self.stream = stream
    }

    /// Sends a message; waits while the caller takes no more.
    /// - Throws: `cancelled` when the caller is gone or the handler was cancelled.
    package func send(_ reply: Reply) async throws(RPCError) {
        try await stream.send(reply)
    }
}

/// The reply of a handler that sent its messages already.
struct NoMessage: Message {
    static let fullName = ""

    init() {}

    init(decoding bytes: UnsafeRawBufferPointer) {}

    func encode(
        reserving reserve: (_ byteCount: Int) throws(MessageFault) -> UnsafeMutableRawBufferPointer
    ) {}
}
