package import MessageCoding
package import RPC

/// Sends a session with every call.
package struct SessionChannel: RPCChannel {
    private let base: any RPCChannel
    private let session: [UInt8]?

    /// - Parameter session: nil for calls of nobody.
    package init(base: any RPCChannel, session: [UInt8]?) {
        self.base = base
        self.session = session
    }

    package func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        try await base.unary(method, request, options: signed(options))
    }

    package func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream {
        try await base.open(method, request: request, options: signed(options))
    }

    private func signed(_ options: CallOptions) -> CallOptions {
        var options = options
        if let session { options.metadata.set(Metadata.sessionKey, session) }
        return options
    }
}
