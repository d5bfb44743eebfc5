import RPC

/// The server's end of a connection, fed with anything in any pieces.
func fuzzServer(_ bytes: UnsafeRawBufferPointer) -> CInt {
    var script = ConnectionScript(bytes)
    let end = FuzzedServer()
    while let step = script.next() { end.perform(step) }
    end.checkEnd()
    return 0
}

private final class FuzzedServer {
    private struct Handler {
        let slot: Int
        let id: UInt64
        var isCancelled = false
    }

    private var state: ServerConnectionState
    private let limits = ConnectionLimits.ofFuzzing
    private var cutter = FrameCutter(maxFrame: ConnectionLimits.ofFuzzing.maxFrame)
    private var now = Moment(nanoseconds: 0)
    private var handlers: [Handler] = []
    private var isClosed = false
    private var isDraining = false
    private var isGreeted = false
    private var lastAnswered: UInt64 = 0

    init() {
        state = ServerConnectionState(limits: limits, peerName: "s", now: now) { _ in .anonymous }
    }

    func perform(_ step: ConnectionScript.Step) {
        switch step {
        case .bytes(let bytes, let size):
            for start in stride(from: 0, to: bytes.count, by: max(size, 1)) {
                let end = size == 0 ? bytes.count : min(start + size, bytes.count)
                if size == 0, start > 0 { break }
                cutter.append(bytes[start..<end])
                readFrames()
            }
        case .time(let nanoseconds):
            now = now.advanced(byNanoseconds: nanoseconds)
            tick()
        case .other(3, let detail): finish(Int(detail))
        case .other(4, let detail): state.outbound(isOverLimit: detail & 1 == 1, at: now)
        case .other(5, _): drain()
        case .other(6, _):
            if let pong = state.takePong() {
                check(isGreeted, "a pong before the Hello")
                checkSent(.ping(pong))
            }
            check(state.takePong() == nil, "a ping is answered twice")
        case .other(_, let detail):
            var hello = Frame.Hello()
            hello.version = Frame.version
            hello.minVersion = Frame.version
            hello.maxMessage = UInt32(detail) * 100
            cutter.append(OutboundFrame.hello(hello).bytes())
            readFrames()
        }
        check(state.runningCalls == handlers.count, "\(state.runningCalls) calls are counted")
        check(handlers.count <= limits.maxCalls, "\(handlers.count) handlers run")
        check(state.mostReplyBytes <= limits.maxMessage, "replies may be too large")
    }

    private func readFrames() {
        while !isClosed, let piece = cutter.next() {
            switch piece {
            case .badLength(let length): perform(state.receiveBadLength(length), frame: [])
            case .envelope(let frame):
                perform(frame.withUnsafeBytes { state.receive($0, at: now) }, frame: frame)
            }
        }
    }

    private func tick() {
        let isDue = state.nextTick.map { $0 <= now } ?? false
        let actions = state.tick(at: now)
        check(isDue || actions.isEmpty, "something happens before its time")
        for action in actions {
            check(!isClosed, "something happens after the close")
            perform(action, frame: [])
        }
        check(state.nextTick.map { $0 > now } ?? true, "the timer does not move on")
    }

    private func drain() {
        guard let goaway = state.drain(at: now) else { return }
        check(!isDraining && !isClosed, "a second drain")
        isDraining = true
        checkSent(.goaway(goaway))
        // As the transport does.
        if state.isDrained { close() }
    }

    private func finish(_ index: Int) {
        guard !handlers.isEmpty else { return }
        let handler = handlers.remove(at: index % handlers.count)
        check(state.isRunning(handler.id, slot: handler.slot), "a call lost its slot")
        let isSent = state.finish(slot: handler.slot, at: now)
        check(isSent == !isClosed, "a Response after the close, or none before it")
        check(!state.isRunning(handler.id, slot: handler.slot), "a slot is not freed")
        if state.isDrained { close() }
    }

    private func perform(_ action: ServerConnectionState.Action, frame: [UInt8]) {
        switch action {
        case .hello(let hello, _):
            check(!isGreeted, "a second Hello is sent")
            isGreeted = true
            checkSent(.hello(hello))
        case .start(let start):
            answer(start.id)
            check(!isDraining, "a call starts after the GOAWAY")
            check(start.payload.upperBound <= frame.count, "a payload lies outside of its frame")
            check(start.payload.count <= limits.maxMessage, "a payload over its limit")
            check((0..<limits.maxCalls).contains(start.slot), "slot \(start.slot)")
            check(!handlers.contains { $0.slot == start.slot }, "a slot is used twice")
            check(start.deadline >= now, "a deadline in the past")
            check(now.duration(to: start.deadline) <= .seconds(3600), "a deadline too far off")
            handlers.append(Handler(slot: start.slot, id: start.id))
        case .refuse(let id, let error):
            answer(id)
            checkSent(.response(Frame.Response(error: error)), id: id)
        case .cancel(let slot):
            guard let index = handlers.firstIndex(where: { $0.slot == slot }) else {
                finding("nothing runs in the slot that is cancelled")
            }
            check(!handlers[index].isCancelled, "a handler is cancelled twice")
            handlers[index].isCancelled = true
        case .close(let goaway):
            check(goaway.lastID >= handlers.map(\.id).max() ?? 0, "last_id is below a running call")
            checkSent(.goaway(goaway))
            close()
        case .abort: close()
        default: break
        }
    }

    /// Each call is started or refused once, in the order of the ids.
    private func answer(_ id: UInt64) {
        check(isGreeted, "a call before the Hello")
        check(!id.isMultiple(of: 2) && id > lastAnswered, "call \(id) after \(lastAnswered)")
        lastAnswered = id
    }

    private func close() {
        isClosed = true
        _ = state.closed()
        check(state.nextTick == nil, "a closed connection has a timer")
        check(state.drain(at: now) == nil, "a closed connection drains")
        let ping = OutboundFrame.ping(Frame.Ping(isAcknowledgement: false, nonce: 1)).bytes()
        guard case .none = ping.dropFirst(4).withUnsafeBytes({ state.receive($0, at: now) }) else {
            finding("a frame is looked at after the close")
        }
    }

    /// When every handler has ended, nothing is left.
    func checkEnd() {
        while !handlers.isEmpty { finish(0) }
        check(state.runningCalls == 0, "calls are left over")
    }
}
