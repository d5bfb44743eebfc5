import MessageCoding
import NIOCore
import RPC

/// The client's end of one connection on its event loop: does what `ClientConnectionState` says.
final class ClientConnection: ConnectionEnd {
    private let address: String
    private let hello: Frame.Hello
    private let executor: LoopExecutor
    /// Until the connection is lost.
    private var owner: ChannelCore?
    private let ownState: LoopOwned<ClientConnectionState>
    /// By the calls' slots.
    private let ownCalls = LoopOwned<[PendingCall?]>([])
    private var handler: FrameHandler?
    /// Streams that wait for the connection's window.
    private var blocked = StreamQueue()
    /// Whether the server's Hello came.
    private(set) var wasReady = false

    init(
        address: String, hello: Frame.Hello, limits: ConnectionLimits, executor: LoopExecutor,
        owner: ChannelCore
    ) {
        self.address = address
        self.hello = hello
        self.executor = executor
        self.owner = owner
        ownState = LoopOwned(ClientConnectionState(limits: limits, now: .now))
    }

    /// The handler for this connection's channel.
    func makeHandler() -> FrameHandler {
        let handler = FrameHandler(executor: executor, end: self)
        self.handler = handler
        return handler
    }

    private var calls: [PendingCall?] {
        @inline(__always) _read { yield ownCalls.value }
        @inline(__always) _modify { yield &ownCalls.value }
    }

    private var state: ClientConnectionState {
        @inline(__always) _read { yield ownState.value }
        @inline(__always) _modify { yield &ownState.value }
    }

    /// Whether it takes one more call.
    var hasRoom: Bool { state.hasRoom && handler != nil }

    /// Sends the call; `hasRoom` must be true.
    func send(_ pending: PendingCall) {
        let now = Moment.now
        guard pending.outgoing.deadline > now else { return pending.fail(.expiredInQueue) }
        guard let handler, let call = state.begin(deadline: pending.outgoing.deadline) else {
            preconditionFailure("a connection without room was given a call")
        }
        do throws(RPCError) {
            let frame = OutboundFrame.request(pending.frame(now: now))
            if let request = pending.request {
                try handler.send(
                    frame, id: call.id, payload: request, limit: state.mostRequestBytes)
            } else {
                handler.send(frame, id: call.id)
            }
        } catch {
            state.takeBack(call)
            return pending.fail(error)
        }
        while calls.count <= call.slot { calls.append(nil) }
        calls[call.slot] = pending
        pending.place = .inFlight(self, call)
        if let stream = pending.stream {
            state.openStream(call, receives: pending.outgoing.method.kind.repliesStream)
            stream.attach(to: self, slot: call.slot, id: call.id)
        }
        // The last thing here: a write that fails ends the connection, and its calls, before it returns.
        handler.flushIfDue(at: now)
    }

    /// Nobody waits for the call any more; the server is told.
    func abandon(_ call: ClientConnectionState.Call, _ error: RPCError) {
        let pending = take(call)
        if state.abandon(call) { handler?.send(.cancel, id: call.id) }
        tell(pending, error, .unknown)
    }

    /// Ends the connection; calls in flight are told so.
    func close() { end(Frame.Goaway(lastID: 0, code: .ok, message: "the channel was closed")) }

    var maxFrame: Int { state.maxFrame }
    /// Calls have deadlines.
    var frameTime: Duration? { nil }
    var nextTick: Moment? { state.nextTick }

    func opened() { handler?.send(.hello(hello)) }

    func received(
        _ envelope: UnsafeRawBufferPointer, in buffer: ByteBuffer, at index: Int,
        now: Moment
    ) {
        switch unsafe state.receive(envelope, at: now) {
        case .complete(let call, let response, let payload):
            guard let pending = take(call) else { return }
            if let error = response.error {
                pending.fail(error)
            } else {
                let bytes = buffer.getSlice(at: index + payload.lowerBound, length: payload.count)
                pending.answer(.success(bytes ?? ByteBuffer()))
            }
            owner?.connectionHasRoom(self)
            closeIfRetired()
        case .data(let call, let payload, let byteCount):
            guard calls.indices.contains(call.slot), let stream = calls[call.slot]?.stream else {
                return
            }
            unsafe stream.receive([UInt8](envelope[payload]), byteCount: byteCount)
        case let action: perform(action)
        }
    }

    func receivedBadLength(_ length: Int) { perform(state.receiveBadLength(length)) }

    func receivedTooSlowly() {}

    func outboundChanged(isOverLimit: Bool, now: Moment) {}

    func willFlush() {
        if let pong = state.takePong() { handler?.send(.ping(pong)) }
        for (id, total) in state.takeGrants() {
            handler?.send(.window(Frame.Window(bytes: total)), id: id)
        }
        state.sent()
    }

    func tick(now: Moment) {
        let (expired, goaway) = state.tick(at: now)
        for call in expired {
            handler?.send(.cancel, id: call.id)
            tell(take(call), .deadlineExceeded, .unknown)
        }
        if let goaway { end(goaway) }
    }

    func closed(_ reason: String) { lost(reason) }

    private func end(_ goaway: Frame.Goaway) {
        handler?.close(with: goaway)
        lost(goaway.message)
    }

    /// Nothing comes any more. Calls in flight and the channel are told once.
    private func lost(_ reason: String) {
        guard handler != nil else { return }
        handler = nil
        for (call, verdict) in state.closed() {
            tell(
                take(call),
                RPCError(
                    code: .unavailable, message: "the connection to \(address) was lost: \(reason)"),
                verdict)
        }
        calls = []
        owner?.connectionEnded(self, reason)
        owner = nil
    }

    private func perform(_ action: ClientConnectionState.Action) {
        switch action {
        case .none: handler?.flushAtEnd()
        case .ready:
            wasReady = true
            // The Hello may have opened wider windows.
            for call in calls { call?.stream?.sendWaiting() }
            owner?.connectionIsReady(self)
            owner?.connectionHasRoom(self)
        case .complete, .data:
            preconditionFailure("what has a payload is handled where the payload is")
        case .resume(let call?):
            if calls.indices.contains(call.slot) { calls[call.slot]?.stream?.sendWaiting() }
        case .resume(nil):
            for stream in blocked.takeAll() { stream.sendWaiting() }
            owner?.connectionHasRoom(self)
        case .freed:
            owner?.connectionHasRoom(self)
            closeIfRetired()
        case .retire(let goaway, let calls):
            owner?.connectionRetires(self, goaway, notExecuted: calls.compactMap { take($0) })
            closeIfRetired()
        case .refuse(let id, let error):
            handler?.send(.response(Frame.Response(error: error)), id: id)
        case .close(let goaway): end(goaway)
        }
    }

    private func closeIfRetired() {
        guard state.isRetired else { return }
        handler?.close(with: nil)
        lost("the server ended it")
    }

    private func call(of port: StreamPort) -> ClientConnectionState.Call? {
        port.place.map { ClientConnectionState.Call(slot: $0.slot, id: $0.id) }
    }

    private func take(_ call: ClientConnectionState.Call) -> PendingCall? {
        guard calls.indices.contains(call.slot) else { return nil }
        defer { calls[call.slot] = nil }
        return calls[call.slot]
    }

    private func tell(_ pending: PendingCall?, _ error: RPCError, _ verdict: RetryVerdict) {
        var error = error
        error.verdict = verdict
        pending?.fail(error)
    }
}

extension ClientConnection: StreamCarrier {
    func sendData(_ message: any Message, of port: StreamPort) throws(RPCError) -> SendOutlook {
        guard let handler, let call = call(of: port) else { return .waitsForCall }
        let outlook = state.outlook(call)
        switch outlook {
        case .open:
            let byteCount = try handler.send(
                .data(Frame.Data()), id: call.id, payload: message, limit: state.mostRequestBytes)
            state.sentData(byteCount, of: call)
            handler.flushIfDue(at: .now)
        case .waitsForConnection: blocked.append(port)
        case .waitsForCall: break
        }
        return outlook
    }

    func sendEnd(of port: StreamPort) {
        guard let call = call(of: port) else { return }
        handler?.send(.data(.end), id: call.id)
    }

    func consumed(_ byteCount: Int, of port: StreamPort) {
        guard let call = call(of: port) else { return }
        state.consumed(byteCount, of: call)
        handler?.flushAtEnd()
    }
}
