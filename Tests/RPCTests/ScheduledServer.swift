import RPC

/// A server's end in a schedule. It does with the state's actions what the transport's
/// `ServerConnection` does; its handlers end when the schedule says so.
final class ScheduledServer {
    struct Handler {
        let slot: Int
        let id: UInt64
        let payload: [UInt8]
        let streams: Bool
        let receives: Bool
        var isCancelled = false
        /// Messages that it still sends.
        var owing: Int
        var sent = 0
        var received = 0
        var hasReceivedEnd = false
        /// The lengths of the frames that it has not taken.
        var untaken: [Int] = []
        /// Whether it may end, when all is to end.
        var isDone: Bool { owing == 0 || isCancelled }
    }

    private var state: ServerConnectionState
    private let limits: ConnectionLimits
    private let referee: Referee
    private var unread = Unread()
    private var packed: [UInt8] = []
    private(set) var phase = ScheduledPhase.open
    /// Nothing goes out before the Hello.
    private var isGreeted = false
    var outgoing = Pipe()
    /// In the order in which they began.
    private(set) var handlers: [Handler] = []

    init(limits: ConnectionLimits, referee: Referee, now: Moment) {
        self.limits = limits
        self.referee = referee
        state = ServerConnectionState(limits: limits, peerName: "s/1@1", now: now) { _ in
            .anonymous
        }
    }

    var nextTick: Moment? { phase == .open ? state.nextTick : nil }
    var hasPacked: Bool { phase == .open && !packed.isEmpty }

    func ping(_ nonce: UInt64) {
        guard phase == .open, isGreeted else { return }
        packed += OutboundFrame.ping(Frame.Ping(isAcknowledgement: false, nonce: nonce)).bytes()
    }

    /// Bytes that the transport would have packed: frames that the state does not make by itself.
    func pack(_ bytes: [UInt8]) { if phase == .open, isGreeted { packed += bytes } }

    /// Whether a handler could send a message now.
    var isSending: Bool {
        guard phase == .open else { return false }
        return handlers.contains {
            $0.streams && $0.owing > 0 && !$0.isCancelled && state.outlook($0.id) == .open
        }
    }

    /// The calls whose handlers wait for room.
    var blocked: Set<UInt64> {
        guard phase == .open else { return [] }
        let waiting = handlers.filter {
            $0.streams && $0.owing > 0 && !$0.isCancelled && state.outlook($0.id) != .open
        }
        return Set(waiting.map(\.id))
    }

    /// The calls whose handlers take messages.
    var receiving: Set<UInt64> {
        Set(handlers.filter { $0.receives && !$0.isCancelled }.map(\.id))
    }

    /// A handler sends its next message, if there is room.
    func sendMessage(_ index: Int) {
        guard phase == .open, handlers.indices.contains(index) else { return }
        let handler = handlers[index]
        guard handler.streams, handler.owing > 0, state.outlook(handler.id) == .open else { return }
        let frame = OutboundFrame.data(Frame.Data()).bytes(
            id: handler.id, payload: Referee.message(handler.sent))
        packed += frame
        state.sentData(frame.count - 4, of: handler.id)
        handlers[index].sent += 1
        handlers[index].owing -= 1
    }

    /// A handler takes messages that came.
    func takeMessages(_ index: Int, most: Int) {
        guard phase == .open, handlers.indices.contains(index) else { return }
        for byteCount in handlers[index].untaken.prefix(most) {
            state.consumed(byteCount, of: handlers[index].id)
        }
        handlers[index].untaken.removeFirst(min(most, handlers[index].untaken.count))
    }

    func flush(now: Moment) {
        guard phase == .open else { return }
        if let pong = state.takePong() { packed += OutboundFrame.ping(pong).bytes() }
        referee.check(state.takePong() == nil, "a ping was answered twice")
        for (id, total) in state.takeGrants() {
            packed += OutboundFrame.window(Frame.Window(bytes: total)).bytes(id: id)
        }
        referee.check(state.takeGrants().isEmpty, "a grant was made twice")
        outgoing.write(packed)
        packed = []
        watchOutbound(now: now)
    }

    /// Tells the state whether the client reads.
    func watchOutbound(now: Moment) {
        guard phase == .open else { return }
        state.outbound(isOverLimit: outgoing.bytes.count > limits.outboundBytes, at: now)
    }

    func drain(now: Moment) {
        guard phase == .open else { return }
        for frame in state.drain(at: now) {
            if case .goaway(let goaway) = frame { referee.serverSent(goaway) }
            packed += frame.bytes()
        }
        referee.check(state.drain(at: now).isEmpty, "a drain began twice")
        closeIfDrained(now: now)
    }

    func read(_ bytes: [UInt8], now: Moment) {
        unread.append(bytes)
        while phase == .open, let piece = unread.next(maxFrame: state.maxFrame) {
            switch piece {
            case .badLength(let length): perform(state.receiveBadLength(length), [], now)
            case .envelope(let frame):
                perform(frame.withUnsafeBytes { state.receive($0, at: now) }, frame, now)
            }
        }
    }

    /// A handler ends.
    func finish(_ index: Int, now: Moment) {
        guard handlers.indices.contains(index) else { return }
        let handler = handlers.remove(at: index)
        let isSent = state.finish(slot: handler.slot, at: now)
        referee.check(isSent == (phase == .open), "a Response of a connection that is closed")
        referee.check(state.runningCalls == handlers.count, "a slot was not freed")
        guard phase == .open else { return }
        referee.responded(handler.id)
        // How many messages the stream had: its client must have got them all.
        packed += OutboundFrame.response(Frame.Response()).bytes(
            id: handler.id, payload: handler.streams ? [UInt8(handler.sent)] : handler.payload)
        closeIfDrained(now: now)
    }

    func tick(at now: Moment) {
        guard phase == .open else { return }
        let isDue = state.nextTick.map { $0 <= now } ?? false
        let actions = state.tick(at: now)
        referee.check(isDue || actions.isEmpty, "the server's tick was not due")
        for action in actions { perform(action, [], now) }
        if phase == .open {
            referee.check(
                state.nextTick.map { $0 > now } ?? true, "the server's timer does not move on")
        }
    }

    /// The connection is gone: the other side closed it, or the network did.
    func lose() {
        if phase == .open { cancelAll() }
        phase = .closed
        outgoing.cut()
    }

    private func perform(_ action: ServerConnectionState.Action, _ frame: [UInt8], _ now: Moment) {
        switch action {
        case .hello(let hello, _):
            isGreeted = true
            packed += OutboundFrame.hello(hello).bytes()
        case .start(let start): self.start(start, frame)
        case .refuse(let id, let error):
            referee.refused(id, error)
            packed += OutboundFrame.response(Frame.Response(error: error)).bytes(id: id)
        case .cancel(let slot):
            guard let index = handlers.firstIndex(where: { $0.slot == slot }) else {
                return referee.fault("slot \(slot) is cancelled, and no handler is there")
            }
            referee.check(!handlers[index].isCancelled, "a handler was cancelled twice")
            handlers[index].isCancelled = true
        case .data(let data): received(data, frame)
        case .drain(let goaway):
            referee.serverSent(goaway)
            packed += OutboundFrame.goaway(goaway).bytes()
            closeIfDrained(now: now)
        case .close(let goaway):
            referee.accused("server", goaway)
            referee.serverSent(goaway)
            packed += OutboundFrame.goaway(goaway).bytes()
            close(now: now)
        case .abort: lose()
        default: break
        }
    }

    private func start(_ start: ServerConnectionState.Start, _ frame: [UInt8]) {
        referee.started(start.id)
        referee.check(
            !handlers.contains { $0.slot == start.slot }, "slot \(start.slot) is used twice")
        referee.check(
            (0..<limits.maxCalls).contains(start.slot), "slot \(start.slot) is over the limit")
        let isOpen = start.request.isOpen
        let streams = isOpen || start.request.method == .id(Referee.serverStream)
        if streams { state.openStream(start.id, slot: start.slot, receives: isOpen) }
        let payload = Array(frame[start.payload])
        handlers.append(
            Handler(
                slot: start.slot, id: start.id, payload: payload, streams: streams,
                receives: isOpen, owing: streams ? Int(start.id >> 1) * 5 % 21 : 0))
        referee.check(state.runningCalls == handlers.count, "a call is not counted")
    }

    private func received(_ data: ServerConnectionState.Data, _ frame: [UInt8]) {
        guard let index = handlers.firstIndex(where: { $0.id == data.id }) else {
            return referee.fault("Data of call \(data.id), which has no handler")
        }
        let handler = handlers[index]
        referee.check(handler.receives && !handler.hasReceivedEnd, "Data after the end")
        if let payload = data.payload {
            referee.received(
                Array(frame[payload]), number: handler.received, of: data.id, at: "server")
            handlers[index].received += 1
            handlers[index].untaken.append(data.byteCount)
        }
        if data.ends { handlers[index].hasReceivedEnd = true }
        checkBound(handlers[index].untaken)
    }

    /// What waits is at most the window and one message.
    private func checkBound(_ untaken: [Int]) {
        if referee.isNoisy { return }
        referee.check(
            untaken.reduce(0, +) <= limits.streamWindow + 100, "more waits than the window lets")
    }

    private func closeIfDrained(now: Moment) {
        if phase == .open, state.isDrained { close(now: now) }
    }

    private func close(now: Moment) {
        flush(now: now)
        outgoing.end()
        phase = .lingering
        cancelAll()
        referee.check(state.nextTick == nil, "a closed connection has a timer")
        referee.check(state.tick(at: now).isEmpty, "a closed connection does something")
    }

    private func cancelAll() {
        for slot in state.closed() {
            guard let index = handlers.firstIndex(where: { $0.slot == slot }) else {
                referee.fault("slot \(slot) is live, and no handler is there")
                continue
            }
            handlers[index].isCancelled = true
        }
        referee.check(
            handlers.allSatisfy(\.isCancelled), "a handler outlives its connection unknowingly")
    }
}
