package import Logging
package import MessageCoding

/// Runs calls on the side that answers them: the same for a socket and for a channel in this process.
///
/// Who starts a call also watches its deadline: when it passes, the task that runs here is cancelled.
package final class CallRunner: Sendable {
    package let routes: RouteTable
    /// Nil: calls are not refused for load.
    package let load: ServerLoad?
    let observers: [@Sendable (RequestContext, ServedCall) -> Void]
    /// Of the interceptors, in their order.
    private let preparations: [Admission]
    /// After them. By itself: what lies in an array is called through frames of its own.
    private let admission: Admission
    private let logger: Logger
    private let faults = LineBudget()

    /// - Parameters:
    ///   - interceptors: what every call passes.
    ///   - load: of the server; nil: calls are not refused for load.
    package init(
        routes: RouteTable, admission: @escaping Admission, interceptors: [ServerInterceptor] = [],
        load: ServerLoad? = nil, logger: Logger
    ) {
        self.routes = routes
        self.load = load
        observers = interceptors.reversed().compactMap(\.observe)
        preparations = interceptors.compactMap(\.prepare)
        self.admission = admission
        self.logger = logger
    }

    /// Reads the request of a call; nothing of the bytes is kept.
    /// - Parameter stream: this side's end of a call that streams.
    /// - Throws: `invalidArgument` when they are no message of the method's type.
    package func prepare(
        _ route: RouteTable.Route, _ payload: UnsafeRawBufferPointer,
        stream: (any MessageStream)? = nil
    ) throws(RPCError) -> RouteTable.PreparedCall {
        do throws(MessageFault) {
            return try unsafe route.prepare(payload, stream)
        } catch {
            throw RPCError(
                code: .invalidArgument, message: "the request cannot be read: \(error.message)",
                verdict: .never)
        }
    }

    /// Admission, then the handler. A call whose deadline passed while it waited does not run.
    ///
    /// Becomes a part of what calls it: each function that is awaited costs some hundred instructions.
    /// - Parameter received: when the request arrived.
    @inline(__always)
    func run(
        _ context: RequestContext, received: Moment,
        _ handle: (RequestContext) async throws -> any Message
    ) async -> CallOutcome {
        var context = context
        do throws(RPCError) {
            for prepare in preparations { try await prepare(&context) }
            try await admission(&context)
        } catch {
            let now = Moment.now
            return CallOutcome(
                .failure(mapped(error, context, now)), received: received, started: now, ended: now)
        }
        let started = Moment.now
        guard started < context.end else {
            return CallOutcome(
                .failure(.expiredInQueue), received: received, started: started, ended: started)
        }
        do {
            return CallOutcome(
                .success(try await handle(context)), received: received, started: started,
                ended: .now)
        } catch {
            let now = Moment.now
            return CallOutcome(
                .failure(mapped(error, context, now)), received: received, started: started,
                ended: now)
        }
    }

    /// What the caller may know of a handler's error; the log has the rest.
    private func mapped(
        _ error: any Error, _ context: RequestContext, _ now: Moment
    ) -> RPCError {
        switch error {
        case let error as RPCError where error.code == .cancelled && now >= context.end:
            return .deadlineExceeded
        case let error as RPCError:
            if error.cause != nil {
                faults.log(.error, "\(context.method.name) failed: \(error)", to: logger)
            }
            return error
        case is CancellationError:
            return now >= context.end
                ? .deadlineExceeded
                : RPCError(code: .cancelled, message: "the call was cancelled")
        default:
            var hidden = RPCError(code: .internalError, message: "internal error")
            hidden.cause = error
            faults.log(.error, "\(context.method.name) failed: \(error)", to: logger)
            return hidden
        }
    }
}

/// How a call that was run ended.
package struct CallOutcome: Sendable {
    package var result: Result<any Message, RPCError>
    package let received: Moment
    /// When its handler began: until then it waited; admission counts as waiting.
    package let started: Moment
    package let ended: Moment

    package init(
        _ result: Result<any Message, RPCError>, received: Moment, started: Moment, ended: Moment
    ) {
        self.result = result
        self.received = received
        self.started = started
        self.ended = ended
    }
}

extension RPCError {
    /// The time ran out while the call was running, or while it was unknown whether it ran.
    package static var deadlineExceeded: RPCError {
        RPCError(code: .deadlineExceeded, message: "the call's time ran out")
    }

    /// The time ran out before the handler began.
    package static var expiredInQueue: RPCError {
        RPCError(
            code: .deadlineExceeded, message: "the call's time ran out before it began",
            verdict: .notExecuted)
    }

    /// There is no such method.
    package static func unimplemented(_ what: String) -> RPCError {
        RPCError(code: .unimplemented, message: "\(what) is not implemented here", verdict: .never)
    }

    /// A message that no frame may carry.
    package static func messageTooLarge(_ byteCount: Int, limit: Int) -> RPCError {
        RPCError(
            code: .resourceExhausted,
            message: "a message of \(byteCount) bytes is over the limit of \(limit)",
            verdict: .never)
    }
}
