package import Logging
import MessageCoding
import RPC

/// Adds to each call what the client knows: the user's session, the default timeout, interceptors, and further attempts.
struct CallingChannel: RPCChannel {
    let service: ServiceName
    let base: any RPCChannel
    /// The service's, shared by all clients over the same connections.
    let tokens: RetryTokens
    let rules: CallRules
    let session: [UInt8]?

    func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        let began = ContinuousClock.now
        let watch = CallWatch(began: began, interceptors: rules.interceptors)
        var call = prepared(method, options)
        var attempts = 0
        let result: Result<Reply, RPCError>
        do throws(RPCError) {
            try await watch.prepare(&call)
            result = .success(try await send(request, as: call, began: began, attempts: &attempts))
        } catch {
            result = .failure(error.told(of: call))
        }
        watch.observe(call, error: result.error, attempts: attempts)
        return try result.get()
    }

    /// Sent once: whoever reads a stream knows best where to go on.
    func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream {
        let watch = CallWatch(began: ContinuousClock.now, interceptors: rules.interceptors)
        var call = prepared(method, options)
        do throws(RPCError) {
            try await watch.prepare(&call)
            let stream = try await base.open(method, request: request, options: call.options)
            return WatchedStream(stream, call, watch)
        } catch {
            let error = error.told(of: call)
            watch.observe(call, error: error, attempts: 0)
            throw error
        }
    }

    private func prepared(_ method: RPCMethod, _ options: CallOptions) -> ClientCall {
        var call = ClientCall(service: service, method: method, options: options)
        if let session, options.metadata[Metadata.sessionKey] == nil {
            call.options.metadata.set(Metadata.sessionKey, session)
        }
        // All attempts belong to one trace.
        call.options.trace = options.trace ?? CallScope.current?.trace ?? .start()
        return call
    }

    private func send<Request: Message, Reply: Message>(
        _ request: Request, as call: ClientCall, began: ContinuousClock.Instant, attempts: inout Int
    ) async throws(RPCError) -> Reply {
        let clock = ContinuousClock()
        var options = call.options
        let deadline = began + (options.timeout ?? rules.timeout)
        let isRepeatable = call.method.isReadOnly || options.idempotencyKey != nil
        tokens.earn()
        while true {
            options.timeout = max(.zero, deadline - clock.now)
            options.attempt = UInt32(clamping: attempts)
            attempts += 1
            do {
                return try await base.unary(call.method, request, options: options)
            } catch {
                guard
                    let pause = rules.retries.pause(
                        after: error, attempt: attempts, isRepeatable: isRepeatable,
                        fraction: Double.random(in: 0...1)),
                    clock.now + pause < deadline
                else { throw error }
                guard tokens.spend() else {
                    rules.logger.debug("the budget for further attempts is used up: \(error)")
                    throw error
                }
                rules.logger.debug("sending again in \(pause) after \(error)")
                guard (try? await clock.sleep(for: pause)) != nil else { throw error }
            }
        }
    }
}

/// What holds for every call, wherever it goes.
package struct CallRules: Sendable {
    let timeout: Duration
    let retries: RetryPolicy
    let interceptors: [CallInterceptor]
    let logger: Logger

    /// As the fields of ``ClientConfiguration``.
    package init(
        timeout: Duration, retries: RetryPolicy, interceptors: [CallInterceptor], logger: Logger
    ) {
        self.timeout = timeout
        self.retries = retries
        self.interceptors = interceptors
        self.logger = logger
    }
}

extension RPCError {
    /// The error with what only the caller knows.
    fileprivate func told(of call: ClientCall) -> RPCError {
        var known = self
        known.method = call.method.name
        known.idempotencyKey = call.options.idempotencyKey
        return known
    }
}
