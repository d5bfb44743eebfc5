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
        /// Whether messages may still come.
        var receives = false
    }

    private var state: ServerConnectionState
    private let limits = ConnectionLimits.ofFuzzing
    private var cutter = FrameCutter(maxFrame: ConnectionLimits.ofFuzzing.maxFrame)
    private var now = Moment(nanoseconds: 0)
    private var handlers: [Handler] = []
    private var book = StreamBook(.ofFuzzing)
    private var latestFrame: [UInt8] = []
    private var isClosed = false
    /// The client was told to go.
    private var isAdvised = false
    /// The client was told which calls ran.
    private var isDraining = false
    private var isGreeted = false
    private var lastAnswered: UInt64 = 0
    /// Of the server's latest ping.
    private var nonce: UInt64 = 0

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
        case .frame(let made):
            let next = lastAnswered == 0 ? 1 : lastAnswered + 2
            cutter.append(
                made.fromClient(
                    next: next, calls: handlers.map(\.id), streams: book.ids, nonce: nonce))
            readFrames()
        case .time(let nanoseconds):
            now = now.advanced(byNanoseconds: nanoseconds)
            tick()
        case .other(3, let detail): finish(Int(detail))
        case .other(4, let detail): state.outbound(isOverLimit: detail & 1 == 1, at: now)
        case .other(5, _): drain()
        case .other(6, let detail): perform(StreamStep(detail))
        case .other(_, let detail):
            var hello = Frame.Hello(detail: detail)
            hello.maxMessage = UInt32(detail) * 100
            cutter.append(OutboundFrame.hello(hello).bytes())
            readFrames()
        }
        check(state.runningCalls == handlers.count, "\(state.runningCalls) calls are counted")
        check(handlers.count <= limits.maxCalls, "\(handlers.count) handlers run")
        check(state.mostReplyBytes <= limits.maxMessage, "replies may be too large")
    }

    private func perform(_ step: StreamStep) {
        switch step {
        case .flush: flush()
        case .take(let number):
            guard let id = stream(number) else { return }
            state.consumed(book.take(id), of: id)
        case .send(let number):
            guard let id = stream(number), state.outlook(id) == .open else { return }
            checkSent(.data(Frame.Data()), id: id)
            state.sentData(1000, of: id)
        case .again(let times):
            for _ in 0..<times where !isClosed && !latestFrame.isEmpty {
                perform(latestFrame.withUnsafeBytes { state.receive($0, at: now) }, latestFrame)
            }
        }
    }

    private func stream(_ number: Int) -> UInt64? {
        let ids = book.ids
        return ids.isEmpty ? nil : ids[number % ids.count]
    }

    private func flush() {
        if let pong = state.takePong() {
            check(isGreeted, "a pong before the Hello")
            checkSent(.ping(pong))
        }
        check(state.takePong() == nil, "a ping is answered twice")
        for (id, total) in state.takeGrants() { book.grants(total, to: id) }
        check(state.takeGrants().isEmpty, "grants are made twice")
    }

    private func readFrames() {
        while !isClosed, let piece = cutter.next() {
            switch piece {
            case .badLength(let length): perform(state.receiveBadLength(length), [])
            case .envelope(let frame):
                latestFrame = frame
                perform(frame.withUnsafeBytes { state.receive($0, at: now) }, frame)
            }
        }
    }

    private func tick() {
        let isDue = state.nextTick.map { $0 <= now } ?? false
        let actions = state.tick(at: now)
        check(isDue || actions.isEmpty, "something happens before its time")
        for action in actions {
            check(!isClosed, "something happens after the close")
            perform(action, [])
        }
        check(state.nextTick.map { $0 > now } ?? true, "the timer does not move on")
    }

    private func drain() {
        let frames = state.drain(at: now)
        guard !frames.isEmpty else { return }
        check(!isAdvised && !isDraining && !isClosed, "a second drain")
        isAdvised = true
        for frame in frames {
            checkSent(frame)
            if case .ping(let ping) = frame { nonce = ping.nonce }
        }
        closeIfDrained()
    }

    private func finish(_ index: Int) {
        guard !handlers.isEmpty else { return }
        let handler = handlers.remove(at: index % handlers.count)
        check(state.isRunning(handler.id, slot: handler.slot), "a call lost its slot")
        let isSent = state.finish(slot: handler.slot, at: now)
        check(isSent == !isClosed, "a Response after the close, or none before it")
        check(!state.isRunning(handler.id, slot: handler.slot), "a slot is not freed")
        book.close(handler.id)
        check(state.outlook(handler.id) == .waitsForCall, "a call that has ended sends Data")
        closeIfDrained()
    }

    /// As the transport does.
    private func closeIfDrained() {
        if state.isDrained, !isClosed { close() }
    }

    private func perform(_ action: ServerConnectionState.Action, _ frame: [UInt8]) {
        switch action {
        case .hello(let hello, _):
            check(!isGreeted, "a second Hello is sent")
            isGreeted = true
            checkSent(.hello(hello))
        case .start(let start): self.start(start, frame)
        case .data(let data): receive(data, frame)
        case .resume(let id):
            check(id == 0 || state.outlook(id) != .waitsForCall, "a stream goes on that must wait")
        case .drain(let goaway):
            check(isAdvised && !isDraining, "a final GOAWAY without advice, or a second one")
            check(goaway.lastID == lastAnswered, "the final GOAWAY does not name the last call")
            isDraining = true
            checkSent(.goaway(goaway))
            closeIfDrained()
        case .refuse(let id, let error):
            answer(id)
            checkSent(.response(Frame.Response(error: error)), id: id)
        case .cancel(let slot):
            guard let index = handlers.firstIndex(where: { $0.slot == slot }) else {
                finding("nothing runs in the slot that is cancelled")
            }
            check(!handlers[index].isCancelled, "a handler is cancelled twice")
            handlers[index].isCancelled = true
            // Nobody waits for its messages: the state gives back what was not taken.
            _ = book.take(handlers[index].id)
        case .close(let goaway):
            check(goaway.lastID >= handlers.map(\.id).max() ?? 0, "last_id is below a running call")
            checkSent(.goaway(goaway))
            close()
        case .abort: close()
        default: break
        }
    }

    private func start(_ start: ServerConnectionState.Start, _ frame: [UInt8]) {
        answer(start.id)
        check(!isDraining, "a call starts after the final GOAWAY")
        check(start.payload.upperBound <= frame.count, "a payload lies outside of its frame")
        check(start.payload.count <= limits.maxMessage, "a payload over its limit")
        check((0..<limits.maxCalls).contains(start.slot), "slot \(start.slot)")
        check(!handlers.contains { $0.slot == start.slot }, "a slot is used twice")
        check(start.deadline >= now, "a deadline in the past")
        check(now.duration(to: start.deadline) <= .seconds(3600), "a deadline too far off")
        var handler = Handler(slot: start.slot, id: start.id)
        // The method says which calls stream: those that are open, and some whose replies alone do.
        if start.request.isOpen || start.payload.count == 7 {
            handler.receives = start.request.isOpen
            state.openStream(start.id, slot: start.slot, receives: handler.receives)
            book.open(start.id)
        }
        handlers.append(handler)
    }

    private func receive(_ data: ServerConnectionState.Data, _ frame: [UInt8]) {
        guard let index = handlers.firstIndex(where: { $0.slot == data.slot }) else {
            finding("Data for no handler")
        }
        check(handlers[index].id == data.id, "Data of another call")
        check(handlers[index].receives, "Data of a call that takes none or no more")
        check(!handlers[index].isCancelled, "Data of a call that was cancelled")
        check(
            data.payload.map { $0.upperBound <= frame.count } ?? true, "Data outside of its frame")
        check(data.payload?.count ?? 0 <= limits.maxMessage, "a message over its limit")
        // A frame that only ends the messages counts nothing (PROTOCOL.md, flow control).
        let counted = data.payload == nil ? 0 : frame.count
        check(data.byteCount == counted, "Data is not counted by its frame")
        handlers[index].receives = !data.ends
        book.received(data.byteCount, of: data.id)
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
        check(state.drain(at: now).isEmpty, "a closed connection drains")
        check(state.takeGrants().isEmpty, "a closed connection grants")
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
