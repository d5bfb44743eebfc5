package import Logging
package import MessageCoding

/// Calls a server's routes in this process, with the semantics of the wire: messages are encoded
/// and decoded; deadlines, cancellation, metadata bounds, admission, load and errors are those of a
/// socket, and interceptors see the calls as they see a socket's.
///
/// One difference: a caller whose time is up gets its answer when the handler has ended.
package struct InProcessChannel: RPCChannel {
    private let runner: CallRunner
    private let peer: Peer
    private let defaultTimeout: Duration

    /// - Parameters:
    ///   - peer: who the caller is, as a Hello would have said.
    ///   - interceptors: what every call passes.
    ///   - load: of the server; nil: calls are not refused for load.
    ///   - defaultTimeout: of calls that name none.
    package init(
        routes: RouteTable, admission: @escaping Admission, peer: Peer,
        interceptors: [ServerInterceptor] = [], load: ServerLoad? = nil,
        defaultTimeout: Duration = CallLimits.defaultTimeout, logger: Logger
    ) {
        runner = CallRunner(
            routes: routes, admission: admission, interceptors: interceptors, load: load,
            logger: logger)
        self.peer = peer
        self.defaultTimeout = defaultTimeout
    }

    package func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        do throws(RPCError) {
            let call = try outgoing(method, options)
            let bytes = try Self.packed(request)
            return try await Self.reply(serve(call, bytes).get())
        } catch {
            throw named(error, method)
        }
    }

    package func open(
        _ method: RPCMethod, request: (any Message)?, options: CallOptions
    ) async throws(RPCError) -> any MessageStream {
        let (call, bytes): (OutgoingCall, [UInt8])
        do throws(RPCError) {
            call = try outgoing(method, options)
            bytes = try request.map(Self.packed) ?? []
        } catch {
            throw named(error, method)
        }
        let queues = InProcessStream.Queues()
        // The call lives beside its caller, as it would behind a socket; the caller's end cancels it.
        let task = Task {
            let answer = await serve(call, bytes, stream: queues.serverEnd)
            if !method.kind.repliesStream, case .success(let reply) = answer {
                queues.replies.offer(reply, cost: 0)
            }
            let error = answer.error.map { named($0, method) }
            queues.replies.end(error)
            queues.requests.end(error, droppingQueued: true)
        }
        return queues.callerEnd {
            task.cancel()
            queues.replies.end(named(.cancelledHere, method), droppingQueued: true)
            queues.requests.end(named(.cancelledHere, method), droppingQueued: true)
        }
    }

    private func outgoing(
        _ method: RPCMethod, _ options: CallOptions
    ) throws(RPCError) -> OutgoingCall {
        try OutgoingCall(
            method, options: options,
            defaultTimeoutNanoseconds: defaultTimeout.wholeNanoseconds, now: .now)
    }

    /// What a caller sees of an error.
    private func named(_ error: RPCError, _ method: RPCMethod) -> RPCError {
        var sent = error
        sent.method = method.name
        sent.cause = nil
        return sent
    }

    /// All that a server does for a call.
    /// - Parameter stream: the server's end of a call that streams.
    /// - Returns: the packed reply; of a call that streams its replies no bytes.
    private func serve(
        _ call: OutgoingCall, _ request: [UInt8], stream: (any MessageStream)? = nil
    ) async -> Result<[UInt8], RPCError> {
        let received = Moment.now
        let route = runner.routes[call.method.name]
        var context = RequestContext(
            call.request, for: route, of: peer, requestBytes: request.count, end: call.deadline)
        let outcome: CallOutcome
        do throws(RPCError) {
            guard let route, route.method.kind == call.method.kind else {
                throw .unimplemented(call.method.name)
            }
            try runner.begin(&context, route, at: received)
            let prepared = try prepare(route, request, stream: stream)
            outcome = await run(prepared, context, received: received)
        } catch {
            outcome = CallOutcome(
                .failure(error), received: received, started: received, ended: received)
        }
        let answer: Result<[UInt8], RPCError>
        do throws(RPCError) {
            answer = .success(try Self.packed(outcome.result.get()))
        } catch {
            answer = .failure(error)
        }
        runner.ended(
            context, outcome, error: answer.error, replyBytes: (try? answer.get().count) ?? 0)
        return answer
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
                    await call(runner, context, received)
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
