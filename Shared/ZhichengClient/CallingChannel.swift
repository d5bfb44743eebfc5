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
        var call = ClientCall(service: service, method: method, options: options)
        if let session, options.metadata[Metadata.sessionKey] == nil {
            call.options.metadata.set(Metadata.sessionKey, session)
        }
        var prepared = 0
        var attempts = 0
        let result: Result<Reply, RPCError>
        do throws(RPCError) {
            for interceptor in rules.interceptors {
                try await interceptor.prepare(&call)
                prepared += 1
            }
            result = .success(try await send(request, as: call, began: began, attempts: &attempts))
        } catch {
            var known = error
            known.method = method.name
            known.idempotencyKey = call.options.idempotencyKey
            result = .failure(known)
        }
        if prepared > 0 {
            let end = CallEnd(
                error: result.error, attempts: attempts, duration: ContinuousClock.now - began)
            for interceptor in rules.interceptors.prefix(prepared).reversed() {
                interceptor.observe(call, end)
            }
        }
        return try result.get()
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

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
