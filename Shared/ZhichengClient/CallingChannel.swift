import MessageCoding
import RPC

/// Adds to each call what the client knows: the user's session, the default timeout, and further attempts.
struct CallingChannel: RPCChannel {
    let base: any RPCChannel
    let session: [UInt8]?
    let timeout: Duration
    let retries: RetryPolicy

    func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        var options = options
        if let session, options.metadata[Metadata.sessionKey] == nil {
            options.metadata.set(Metadata.sessionKey, session)
        }
        let clock = ContinuousClock()
        let deadline = clock.now + (options.timeout ?? timeout)
        let isRepeatable = method.isReadOnly || options.idempotencyKey != nil
        var attempt = 1
        while true {
            options.timeout = max(.zero, deadline - clock.now)
            do {
                return try await base.unary(method, request, options: options)
            } catch {
                guard
                    let pause = retries.pause(
                        after: error, attempt: attempt, isRepeatable: isRepeatable,
                        fraction: Double.random(in: 0...1)),
                    clock.now + pause < deadline,
                    (try? await clock.sleep(for: pause)) != nil
                else { throw error }
                attempt += 1
            }
        }
    }
}
