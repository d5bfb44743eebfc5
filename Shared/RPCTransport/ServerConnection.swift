import Logging
import MessageCoding
import NIOCore
import RPC

/// The server's end of one connection on its event loop: does what `ServerConnectionState` says.
final class ServerConnection: ConnectionEnd {
    private let runner: CallRunner
    private let executor: LoopExecutor
    private let logger: Logger
    private let warnings: LineBudget
    private let limits: ConnectionLimits
    private let drainSignal: DrainSignal
    private let admitStranger: (ServerConnection) -> Bool
    private let network: PeerNetwork?
    private let ended: (ServerConnection) -> Void
    private let ownState: LoopOwned<ServerConnectionState>
    private var peer = Peer(name: "", isAuthenticated: false)
    /// Handlers that did not end at once, by their calls' slots.
    private let ownTasks = LoopOwned<[Task<Void, Never>?]>([])
    /// This side's ends of calls that stream, by their slots.
    private let ownStreams = LoopOwned<[Int: StreamPort]>([:])
    /// Those that wait for the connection's window.
    private var blocked = StreamQueue()
    private var isClosed = false
    /// Nil before the channel is set up, and after it is closed.
    private var handler: FrameHandler?

    /// - Parameters:
    ///   - network: where the connection comes from.
    ///   - authenticate: who the sender of a Hello is.
    ///   - admitStranger: whether there is room for a peer without a certificate.
    ///   - ended: called once, when the connection is closed and every handler has ended.
    init(
        configuration: ServerConfiguration, runner: CallRunner, executor: LoopExecutor,
        logger: Logger, warnings: LineBudget, drainSignal: DrainSignal,
        network: PeerNetwork?,
        authenticate: @escaping @Sendable (Frame.Hello) -> ServerConnectionState.Authentication,
        admitStranger: @escaping (ServerConnection) -> Bool,
        ended: @escaping (ServerConnection) -> Void
    ) {
        self.runner = runner
        self.executor = executor
        self.logger = logger
        self.warnings = warnings
        self.admitStranger = admitStranger
        self.ended = ended
        self.drainSignal = drainSignal
        self.network = network
        limits = configuration.limits
        ownState = LoopOwned(
            ServerConnectionState(
                limits: configuration.limits, peerName: configuration.peerName, now: .now,
                authenticate: authenticate))
    }

    /// The handler for this connection's channel.
    func makeHandler() -> FrameHandler {
        let handler = FrameHandler(executor: executor, end: self)
        self.handler = handler
        return handler
    }

    private var state: ServerConnectionState {
        @inline(__always) _read { yield ownState.value }
        @inline(__always) _modify { yield &ownState.value }
    }

    private var tasks: [Task<Void, Never>?] {
        @inline(__always) _read { yield ownTasks.value }
        @inline(__always) _modify { yield &ownTasks.value }
    }

    private var streams: [Int: StreamPort] {
        @inline(__always) _read { yield ownStreams.value }
        @inline(__always) _modify { yield &ownStreams.value }
    }

    /// A graceful shutdown.
    func drain() {
        for frame in state.drain(at: .now) { handler?.send(frame) }
        closeIfDrained()
        handler?.updateTimer()
    }

    /// Cancels the handlers and closes.
    func abort() { handler?.abort("the server was stopped") }

    var maxFrame: Int { state.maxFrame }
    var frameTime: Duration? { limits.frame }
    var nextTick: Moment? { state.nextTick }

    func opened() {}

    func received(
        _ envelope: UnsafeRawBufferPointer, in buffer: ByteBuffer, at index: Int,
        now: Moment
    ) {
        switch unsafe state.receive(envelope, at: now) {
        case .start(let start):
            unsafe self.start(
                start, payload: UnsafeRawBufferPointer(rebasing: envelope[start.payload]), now: now)
        case .data(let data):
            guard let stream = streams[data.slot] else { return }
            if let payload = data.payload {
                unsafe stream.receive([UInt8](envelope[payload]), byteCount: data.byteCount)
            }
            if data.ends { stream.receivedEnd() }
        case let action: perform(action)
        }
    }

    func receivedBadLength(_ length: Int) { perform(state.receiveBadLength(length)) }

    func receivedTooSlowly() { perform(state.receiveTooSlowly()) }

    func outboundChanged(isOverLimit: Bool, now: Moment) {
        state.outbound(isOverLimit: isOverLimit, at: now)
        if !isOverLimit { resumeBlocked() }
    }

    func willFlush() {
        if let pong = state.takePong() { handler?.send(.ping(pong)) }
        for (id, total) in state.takeGrants() {
            handler?.send(.window(Frame.Window(bytes: total)), id: id)
        }
        if let load = runner.load, let window = state.takeWindow(limit: load.limit) {
            handler?.send(.window(window))
        }
    }

    func tick(now: Moment) {
        for action in state.tick(at: now) { perform(action) }
    }

    func closed(_ reason: String) {
        logger.debug("connection of \(peer.knownName) ended: \(reason)")
        for slot in state.closed() { cancel(slot) }
        handler = nil
        isClosed = true
        if state.runningCalls == 0 { ended(self) }
    }

    private func perform(_ action: ServerConnectionState.Action) {
        switch action {
        case .none: handler?.flushAtEnd()
        case .hello(let hello, let peer):
            self.peer = peer
            self.peer.network = network
            if peer.isAuthenticated || admitStranger(self) {
                handler?.send(.hello(hello))
            } else {
                warnings.log(
                    .warning,
                    "a client is refused: strangers have all the connections that they may have",
                    to: logger)
                close(
                    Frame.Goaway(
                        lastID: 0, code: .resourceExhausted,
                        message: "this server takes no further connections"))
            }
        case .start, .data:
            preconditionFailure("what has a payload is handled where the payload is")
        case .resume(let id):
            if id == 0 {
                resumeBlocked()
            } else if let slot = state.slot(of: id) {
                streams[slot]?.sendWaiting()
            }
        case .drain(let goaway):
            handler?.send(.goaway(goaway))
            closeIfDrained()
        case .refuse(let id, let error):
            runner.refused(peer, error)
            handler?.send(.response(Frame.Response(error: error)), id: id)
            handler?.flushIfDue(at: .now)
        case .cancel(let slot): cancel(slot)
        case .close(let goaway):
            if goaway.code != .ok {
                warnings.log(
                    .warning, "connection of \(peer.knownName) is closed: \(goaway.message)",
                    to: logger)
            }
            close(goaway)
        case .abort:
            warnings.log(
                .warning, "connection of \(peer.knownName) is closed: it does not read its answers",
                to: logger)
            handler?.abort("it did not read its answers")
        }
    }

    private func close(_ goaway: Frame.Goaway) {
        handler?.close(with: goaway)
        for slot in state.closed() { cancel(slot) }
    }

    private func resumeBlocked() {
        for stream in blocked.takeAll() { stream.sendWaiting() }
    }

    private func cancel(_ slot: Int) {
        streams[slot]?.end(.cancelledHere)
        guard tasks.indices.contains(slot) else { return }
        tasks[slot]?.cancel()
    }

    private func start(
        _ start: ServerConnectionState.Start, payload: UnsafeRawBufferPointer,
        now: Moment
    ) {
        let request = start.request
        let route: RouteTable.Route?
        switch request.method {
        case .id(let id): route = runner.routes[id]
        case .name(let name): route = runner.routes[name]
        }
        var context = RequestContext(
            request, for: route, of: peer, requestBytes: payload.count, end: start.deadline,
            drain: route.map { $0.method.kind != .unary } == true ? drainSignal : nil)
        let call: RouteTable.PreparedCall
        var stream: StreamPort?
        do throws(RPCError) {
            guard let route else { throw .unimplemented("the method \(request.method)") }
            try runner.begin(&context, route, at: now)
            stream = try openStream(start, of: route.method)
            call = try unsafe runner.prepare(route, payload, stream: stream)
        } catch {
            return refuse(start, context, error, now)
        }
        let bound = NIOLoopBound(self, eventLoop: executor.eventLoop)
        let (slot, id) = (start.slot, start.id)
        // On this event loop from the first instruction on: no other thread is woken for a call.
        let task = CallScope.$current.withValue(CallScope(context)) {
            Task.immediate(executorPreference: executor) { [runner, context] in
                let outcome = await call(runner, context, now)
                bound.value.finish(slot, id, context, outcome)
            }
        }
        guard state.isRunning(id, slot: slot) else { return }
        while tasks.count <= slot { tasks.append(nil) }
        tasks[slot] = task
        // Its first steps may have found the connection broken.
        if isClosed { task.cancel() }
    }

    /// This side's end of a call that streams; nil for others.
    private func openStream(
        _ start: ServerConnectionState.Start, of method: RPCMethod
    ) throws(RPCError) -> StreamPort? {
        guard start.request.isOpen == method.kind.requestsStream else {
            throw RPCError(
                code: .invalidArgument,
                message: method.kind.requestsStream
                    ? "\(method.name) takes its messages in Data: the Request must be open"
                    : "\(method.name) takes one message, in the Request",
                verdict: .never)
        }
        guard method.kind != .unary else { return nil }
        let stream = StreamPort(executor: executor, window: limits.streamWindow)
        streams[start.slot] = stream
        state.openStream(start.id, slot: start.slot, receives: method.kind.requestsStream)
        stream.attach(to: self, slot: start.slot, id: start.id)
        if !method.kind.requestsStream { stream.receivedEnd() }
        return stream
    }

    private func refuse(
        _ start: ServerConnectionState.Start, _ context: RequestContext, _ error: RPCError,
        _ now: Moment
    ) {
        finish(
            start.slot, start.id, context,
            CallOutcome(.failure(error), received: now, started: now, ended: now))
    }

    private func finish(
        _ slot: Int, _ id: UInt64, _ context: RequestContext, _ outcome: CallOutcome
    ) {
        var (failure, replyBytes): (RPCError?, Int) = (nil, 0)
        defer { runner.ended(context, outcome, error: failure, replyBytes: replyBytes) }
        if tasks.indices.contains(slot) { tasks[slot] = nil }
        if !streams.isEmpty, let stream = streams.removeValue(forKey: slot) {
            stream.end(.cancelledHere)
            blocked.remove(stream)
        }
        if state.finish(slot: slot, at: outcome.ended), let handler {
            var response = Frame.Response()
            response.queueMicroseconds = outcome.received.microseconds(to: outcome.started)
            response.handlerMicroseconds = outcome.started.microseconds(to: outcome.ended)
            do throws(RPCError) {
                if state.isStalled, handler.waitingBytes > limits.mostWaitingBytes {
                    throw RPCError.unread(context.method)
                }
                replyBytes = try handler.send(
                    .response(response), id: id, payload: outcome.result.get(),
                    limit: state.mostReplyBytes)
            } catch {
                failure = error
                response.error = error
                handler.send(.response(response), id: id)
            }
            handler.flushIfDue(at: outcome.ended)
            closeIfDrained()
        } else {
            failure = outcome.result.error
            if isClosed, state.runningCalls == 0 { ended(self) }
        }
    }

    private func closeIfDrained() {
        guard state.isDrained else { return }
        handler?.close(with: nil)
    }
}

extension ServerConnection: StreamCarrier {
    func sendData(_ message: any Message, of port: StreamPort) throws(RPCError) -> SendOutlook {
        guard let handler, let id = port.place?.id else { return .waitsForCall }
        let outlook = state.outlook(id)
        switch outlook {
        case .open:
            let byteCount = try handler.send(
                .data(Frame.Data()), id: id, payload: message, limit: state.mostReplyBytes)
            state.sentData(byteCount, of: id)
            handler.flushIfDue(at: .now)
        case .waitsForConnection: blocked.append(port)
        case .waitsForCall: break
        }
        return outlook
    }

    /// A server's stream ends with its Response.
    func sendEnd(of port: StreamPort) {}

    func consumed(_ byteCount: Int, of port: StreamPort) {
        guard let id = port.place?.id else { return }
        state.consumed(byteCount, of: id)
        handler?.flushAtEnd()
    }
}
