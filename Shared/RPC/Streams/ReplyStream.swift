public import MessageCoding

/// The messages of a reply that streams: `for try await change in client.tasks.watch(request)`.
///
/// The call is made when the first message is asked for, and cancelled when the loop is left early or its task is
/// cancelled. The server is held back while messages are not taken. Each iteration calls anew.
public struct ReplyStream<Reply: Message>: AsyncSequence, Sendable {
    public typealias Element = Reply
    public typealias Failure = RPCError

    typealias Opening = @Sendable () async throws(RPCError) -> OpenStream

    private let open: Opening

    init(_ open: @escaping Opening) {
        self.open = open
    }

    public func makeAsyncIterator() -> Iterator { Iterator(open: open) }

    /// Goes through the messages.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let open: Opening
        fileprivate var call: OpenStream?
        fileprivate var hasEnded = false

        fileprivate init(open: @escaping Opening) {
            self.open = open
        }

        /// The next message; nil when the call has succeeded.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(RPCError) -> Reply? {
            guard !hasEnded else { return nil }
            do throws(RPCError) {
                let call: OpenStream
                if let made = self.call {
                    call = made
                } else {
                    call = try await open()
                    self.call = call
                }
                if let reply = try await call.stream.next(Reply.self) { return reply }
            } catch {
                end()
                throw error
            }
            end()
            return nil
        }

        private mutating func end() {
            hasEnded = true
            call = nil
        }
    }
}

/// Sends the messages of a request that streams.
public struct RequestWriter<Request: Message>: Sendable {
    private let call: OpenStream

    init(_ call: OpenStream) {
        self.call = call
    }

    /// Sends a message; waits while the service takes no more.
    /// - Throws: why the call failed.
    public func send(_ request: Request) async throws(RPCError) {
        try await call.stream.send(request)
    }

    /// No further messages come. Happens by itself when the closure that has the writer returns.
    public func finish() { call.stream.finish() }
}

extension RPCChannel {
    /// A call of one message, answered by many.
    package func serverStream<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) -> ReplyStream<Reply> {
        ReplyStream { () async throws(RPCError) in
            OpenStream(try await open(method, request: request, options: options))
        }
    }

    /// A call of many messages, answered by one.
    /// - Parameter write: sends them; when it throws, the call is cancelled.
    /// - Throws: `RPCError`, or what `write` throws.
    package func clientStream<Request: Message, Reply: Message>(
        _ method: RPCMethod, options: CallOptions,
        _ write: (RequestWriter<Request>) async throws -> Void
    ) async throws -> Reply {
        let call = OpenStream(try await open(method, request: nil, options: options))
        do {
            try await write(RequestWriter(call))
        } catch {
            call.stream.cancel()
            throw error
        }
        call.stream.finish()
        guard let reply = try await call.stream.next(Reply.self) else {
            throw RPCError(code: .internalError, message: "the service answered without a message")
        }
        return reply
    }

    /// A call of many messages each way.
    /// - Parameter body: sends and receives; when it returns or throws, a call that has not ended is cancelled.
    /// - Throws: `RPCError`, or what `body` throws.
    package func bidirectional<Request: Message, Reply: Message, Outcome>(
        _ method: RPCMethod, options: CallOptions,
        _ body: (RequestWriter<Request>, ReplyStream<Reply>) async throws -> Outcome
    ) async throws -> Outcome {
        let call = OpenStream(try await open(method, request: nil, options: options))
        defer { call.stream.cancel() }
        return try await body(RequestWriter(call), ReplyStream { () throws(RPCError) in call })
    }
}
