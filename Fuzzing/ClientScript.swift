import RPC

/// The client's end of a connection, fed with anything in any pieces.
func fuzzClient(_ bytes: UnsafeRawBufferPointer) -> CInt {
    var script = ConnectionScript(bytes)
    let end = FuzzedClient()
    while let step = script.next() { end.perform(step) }
    end.lose()
    return 0
}

private final class FuzzedClient {
    private var state: ClientConnectionState
    private let limits = ConnectionLimits.ofFuzzing
    private var cutter = FrameCutter(maxFrame: ConnectionLimits.ofFuzzing.maxFrame)
    private var now = Moment(nanoseconds: 0)
    /// Callers wait for these.
    private var waiting: Set<ClientConnectionState.Call> = []
    /// These were given up; the server still has to answer.
    private var abandoned: Set<ClientConnectionState.Call> = []
    private var book = StreamBook(.ofFuzzing)
    private var latestFrame: [UInt8] = []
    private var lastID: UInt64 = 0
    private var isReady = false
    private var isRetiring = false
    private var isClosed = false

    init() { state = ClientConnectionState(limits: limits, now: now) }

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
            let calls = waiting.union(abandoned).map(\.id)
            cutter.append(made.fromServer(calls: calls, streams: book.ids))
            readFrames()
        case .time(let nanoseconds):
            now = now.advanced(byNanoseconds: nanoseconds)
            tick()
        case .other(3, let detail):
            begin(
                deadline: now.advanced(byNanoseconds: 1 << Int64(detail)), streams: detail & 1 == 1)
        case .other(4, 31): takeBack()
        case .other(4, let detail): abandon(Int(detail))
        case .other(5, _): state.sent()
        case .other(6, let detail): perform(StreamStep(detail))
        case .other(_, let detail):
            var hello = Frame.Hello(detail: detail)
            hello.maxCalls = UInt32(detail)
            cutter.append(OutboundFrame.hello(hello).bytes())
            readFrames()
        }
        // Abandoned calls may be answered one by one; those that wait are always counted.
        if !isClosed {
            check(state.openCalls >= waiting.count, "a call that waits is not counted")
            check(state.openCalls <= waiting.count + abandoned.count, "a slot is not freed")
        }
        check(state.openCalls <= ConnectionLimits.mostCalls, "\(state.openCalls) calls")
        check(state.mostRequestBytes <= limits.maxMessage, "requests may be too large")
    }

    private func perform(_ step: StreamStep) {
        switch step {
        case .flush:
            if let pong = state.takePong() { checkSent(.ping(pong)) }
            check(state.takePong() == nil, "a ping is answered twice")
            for (id, total) in state.takeGrants() { book.grants(total, to: id) }
            check(state.takeGrants().isEmpty, "grants are made twice")
        case .take(let number):
            guard let call = stream(number) else { return }
            state.consumed(book.take(call.id), of: call)
        case .send(let number):
            guard let call = stream(number), state.outlook(call) == .open else { return }
            checkSent(.data(Frame.Data()), id: call.id)
            state.sentData(1000, of: call)
        case .again(let times):
            for _ in 0..<times where !isClosed && !latestFrame.isEmpty {
                perform(latestFrame.withUnsafeBytes { state.receive($0, at: now) }, latestFrame)
            }
        }
    }

    /// One of the streams for which somebody waits.
    private func stream(_ number: Int) -> ClientConnectionState.Call? {
        let ids = book.ids
        let calls = waiting.filter { ids.contains($0.id) }.sorted { $0.id < $1.id }
        return calls.isEmpty ? nil : calls[number % calls.count]
    }

    private func begin(deadline: Moment, streams: Bool) {
        let hasRoom = state.hasRoom
        let call = state.begin(deadline: deadline)
        check(hasRoom == (call != nil), "hasRoom is not what begin says")
        guard let call else { return }
        check(!isRetiring && !isClosed, "a call begins on a connection that ends")
        check(call.id > lastID && !call.id.isMultiple(of: 2), "id \(call.id) after \(lastID)")
        lastID = call.id
        check(
            !waiting.contains { $0.slot == call.slot }
                && !abandoned.contains { $0.slot == call.slot && state.openCalls == 0 },
            "slot \(call.slot) is used twice")
        waiting.insert(call)
        if streams {
            state.openStream(call, receives: true)
            book.open(call.id)
        }
    }

    /// A call whose request cannot be packed.
    private func takeBack() {
        let before = state.openCalls
        guard let call = state.begin(deadline: now.advanced(byNanoseconds: 1 << 20)) else { return }
        check(call.id > lastID, "id \(call.id) after \(lastID)")
        lastID = call.id
        state.takeBack(call)
        check(state.openCalls == before, "a call that was taken back is counted")
        check(!state.abandon(call), "a call that was taken back is abandoned")
    }

    private func abandon(_ index: Int) {
        guard !waiting.isEmpty else { return }
        let calls = waiting.sorted { $0.id < $1.id }
        let call = calls[index % calls.count]
        check(state.abandon(call), "a call that waits cannot be abandoned")
        check(!state.abandon(call), "a call is abandoned twice")
        waiting.remove(call)
        abandoned.insert(call)
        book.close(call.id)
        checkSent(.cancel, id: call.id)
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
        let (expired, goaway) = state.tick(at: now)
        check(isDue || expired.isEmpty && goaway == nil, "something happens before its time")
        for call in expired {
            check(waiting.remove(call) != nil, "a call expires for which nobody waits")
            abandoned.insert(call)
            book.close(call.id)
        }
        if let goaway { close(goaway) }
        check(state.nextTick.map { $0 > now } ?? true, "the timer does not move on")
    }

    private func perform(_ action: ClientConnectionState.Action, _ frame: [UInt8]) {
        switch action {
        case .ready:
            check(!isReady, "ready twice")
            isReady = true
        case .complete(let call, let response, let payload):
            check(waiting.remove(call) != nil, "an answer for which nobody waits")
            check(payload.upperBound <= frame.count, "a payload lies outside of its frame")
            check(response.error?.code != .ok, "an error is OK")
            book.close(call.id)
        case .data(let call, let payload, let byteCount):
            check(waiting.contains(call), "Data for which nobody waits")
            check(payload.upperBound <= frame.count, "Data outside of its frame")
            check(payload.count <= limits.maxMessage, "a message over its limit")
            check(byteCount == frame.count, "Data is not counted by its frame")
            book.received(byteCount, of: call.id)
        case .resume(let call):
            if let call { check(state.outlook(call) != .waitsForCall, "a stream that must wait") }
        case .retire(_, let calls):
            isRetiring = true
            for call in calls {
                check(waiting.remove(call) != nil, "a call did not run for which nobody waits")
                book.close(call.id)
            }
        case .refuse(let id, let error):
            check(id != 0, "the connection itself is refused")
            checkSent(.response(Frame.Response(error: error)), id: id)
        case .close(let goaway): close(goaway)
        default: break
        }
    }

    private func close(_ goaway: Frame.Goaway) {
        checkSent(.goaway(goaway))
        lose()
    }

    /// The connection is gone: every caller that waits is told, once.
    func lose() {
        isClosed = true
        for (call, _) in state.closed() {
            check(waiting.remove(call) != nil, "a caller is told for whom nobody waits")
        }
        check(waiting.isEmpty, "\(waiting.count) callers are not told")
        check(state.closed().isEmpty, "callers are told twice")
        check(state.nextTick == nil && !state.hasRoom, "a closed connection goes on")
        let ping = OutboundFrame.ping(Frame.Ping(isAcknowledgement: false, nonce: 1)).bytes()
        guard case .none = ping.dropFirst(4).withUnsafeBytes({ state.receive($0, at: now) }) else {
            finding("a frame is looked at after the close")
        }
    }
}
