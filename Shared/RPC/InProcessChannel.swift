package import Logging
package import MessageCoding

/// Calls a server's routes in this process, with the semantics of the wire: messages are encoded
/// and decoded, deadlines, cancellation, metadata bounds and errors are those of a socket.
///
/// One difference: a caller whose time is up gets its answer when the handler has ended.
package struct InProcessChannel: RPCChannel {
    private let runner: CallRunner
    private let peer: Peer

    /// - Parameter peer: who the caller is, as a Hello would have said.
    package init(
        routes: RouteTable, admission: @escaping Admission, peer: Peer, logger: Logger
    ) {
        runner = CallRunner(routes: routes, admission: admission, logger: logger)
        self.peer = peer
    }

    package func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        do throws(RPCError) {
            let received = Moment.now
            let call = try OutgoingCall(
                method, options: options,
                defaultTimeoutNanoseconds: CallLimits.defaultTimeout.wholeNanoseconds, now: received
            )
            guard let route = runner.routes[method.name] else {
                throw RPCError.unimplemented(method.name)
            }
            let bytes = try Self.packed(request)
            let prepared = try prepare(route, bytes)
            let reply = try await run(prepared, context(of: call, route), received: received)
                .result.get()
            return try Self.reply(Self.packed(reply))
        } catch {
            throw named(error, method)
        }
    }

    package func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream {
        let received = Moment.now
        let call = try OutgoingCall(
            method, options: options,
            defaultTimeoutNanoseconds: CallLimits.defaultTimeout.wholeNanoseconds, now: received)
        guard let route = runner.routes[method.name], route.method.kind == method.kind else {
            throw named(.unimplemented(method.name), method)
        }
        let queues = InProcessStream.Queues()
        let bytes = try request.map(Self.packed) ?? []
        let prepared = try prepare(route, bytes, stream: queues.serverEnd)
        let context = context(of: call, route)
        // The call lives beside its caller, as it would behind a socket; the caller's end cancels it.
        let task = Task {
            var result = await run(prepared, context, received: received).result
            if !method.kind.repliesStream, case .success(let reply) = result {
                do throws(RPCError) {
                    queues.replies.offer(try Self.packed(reply), cost: 0)
                } catch {
                    result = .failure(error)
                }
            }
            var error: RPCError?
            if case .failure(let failure) = result { error = named(failure, method) }
            queues.replies.end(error)
            queues.requests.end(error, droppingQueued: true)
        }
        return queues.callerEnd {
            task.cancel()
            queues.replies.end(named(.cancelledHere, method), droppingQueued: true)
            queues.requests.end(named(.cancelledHere, method), droppingQueued: true)
        }
    }

    /// What a caller sees of an error.
    private func named(_ error: RPCError, _ method: RPCMethod) -> RPCError {
        var sent = error
        sent.method = method.name
        sent.cause = nil
        return sent
    }

    private func context(of call: OutgoingCall, _ route: RouteTable.Route) -> RequestContext {
        RequestContext(
            method: route.method, peer: peer, metadata: call.metadata, end: call.deadline,
            idempotencyKey: call.idempotencyKey, priority: call.priority, attempt: call.attempt,
            trace: call.trace)
    }

    private func prepare(
        _ route: RouteTable.Route, _ bytes: [UInt8], stream: (any MessageStream)? = nil
    ) throws(RPCError) -> RouteTable.PreparedCall {
        let result: Result<RouteTable.PreparedCall, RPCError> = unsafe bytes.withUnsafeBytes {
            bytes in
            do throws(RPCError) {
                return .success(try unsafe runner.prepare(route, bytes, stream: stream))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func run(
        _ call: @escaping RouteTable.PreparedCall, _ context: RequestContext,
        received: Moment
    ) async -> CallOutcome {
        await withTaskGroup(of: CallOutcome?.self) { group in
            group.addTask {
                await CallScope.$current.withValue(CallScope(context)) {
                    await runner.run(call, context, received: received)
                }
            }
            group.addTask {
                // Ends early only when the other task has ended or the caller was cancelled.
                try? await Task.sleep(until: context.end.instant, clock: .continuous)
                return nil
            }
            var outcome: CallOutcome?
            for await ended in group {
                group.cancelAll()
                if let ended { outcome = ended }
            }
            guard var outcome else { preconditionFailure("a call ended without an outcome") }
            if case .success = outcome.result, Moment.now >= context.end {
                outcome.result = .failure(.deadlineExceeded)
            }
            return outcome
        }
    }

    static func packed(_ message: any Message) throws(RPCError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(MessageFault) {
            bytes = try message.encodedBytes()
        } catch {
            throw RPCError(code: .internalError, message: error.message, verdict: .never)
        }
        guard bytes.count <= CallLimits.mostMessageBytes else {
            throw RPCError.messageTooLarge(bytes.count, limit: CallLimits.mostMessageBytes)
        }
        return bytes
    }

    private static func reply<Reply: Message>(_ bytes: [UInt8]) throws(RPCError) -> Reply {
        do throws(MessageFault) {
            return try Reply(decoding: bytes)
        } catch {
            throw RPCError.unreadableReply(error)
        }
    }
}

extension RPCError {
    /// The call ran, but this process does not understand what came back.
    package static func unreadableReply(_ fault: MessageFault) -> RPCError {
        RPCError(
            code: .internalError, message: "the reply cannot be read: \(fault.message)",
            verdict: .unknown)
    }
}
