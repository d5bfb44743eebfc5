import RPC

/// Bytes on their way from one end of a connection to the other.
struct Pipe {
    private(set) var bytes: [UInt8] = []
    /// Nothing is written any more; what was written still arrives.
    private(set) var isEnded = false

    mutating func write(_ more: [UInt8]) { if !isEnded { bytes += more } }

    mutating func read(_ most: Int) -> [UInt8] {
        let part = Array(bytes.prefix(most))
        bytes.removeFirst(part.count)
        return part
    }

    mutating func end() { isEnded = true }

    /// A reset: what was on its way is lost.
    mutating func cut() {
        bytes = []
        isEnded = true
    }

    mutating func flipBit(_ index: Int) { bytes[index / 8] ^= 1 << UInt8(index % 8) }
}

/// Cuts what arrived into frames.
struct Unread {
    enum Piece {
        case envelope([UInt8])
        case badLength(Int)
    }

    private var bytes: [UInt8] = []

    mutating func append(_ more: [UInt8]) { bytes += more }

    mutating func next(maxFrame: Int) -> Piece? {
        switch bytes.withUnsafeBytes({ Frame.extent(of: $0, maxFrame: maxFrame) }) {
        case .incomplete: return nil
        case .badLength(let length): return .badLength(length)
        case .envelope(let byteCount):
            defer { bytes.removeFirst(4 + byteCount) }
            return .envelope(Array(bytes[4..<4 + byteCount]))
        }
    }
}

/// What an end of a connection may still do.
enum ScheduledPhase {
    case open
    /// It has sent its last frame and throws away what still comes.
    case lingering
    case closed
}

extension OutboundFrame {
    /// The frame as the transport packs it.
    func bytes(id: UInt64, payload: [UInt8]) -> [UInt8] {
        let layout = layout(id: id, payloadByteCount: payload.count)
        let prefix = [UInt8](unsafeUninitializedCapacity: layout.prefixByteCount) { buffer, count in
            writePrefix(id: id, layout: layout, into: UnsafeMutableRawBufferPointer(buffer))
            count = layout.prefixByteCount
        }
        return prefix + payload
    }
}

/// The caller's end of a stream in a schedule.
struct ScheduledStream {
    let call: ClientConnectionState.Call
    let sends: Bool
    /// Messages that it still sends; then it says that it ends.
    var owing: Int
    var hasEnded = false
    var sent = 0
    var received = 0
    /// The lengths of the frames that nobody has taken.
    var untaken: [Int] = []
}

/// A client's end in a schedule. It does with the state's actions what the transport's
/// `ClientConnection` does, and tells the referee what its callers are told.
final class ScheduledClient {
    private var state: ClientConnectionState
    private let limits: ConnectionLimits
    private let referee: Referee
    private var unread = Unread()
    private var packed: [UInt8] = []
    private(set) var phase = ScheduledPhase.open
    var outgoing = Pipe()
    /// The calls whose callers wait, in the order in which they began.
    private(set) var waiting: [ClientConnectionState.Call] = []
    private var streams: [ScheduledStream] = []
    private var isReady = false
    private var hasGoaway = false

    init(limits: ConnectionLimits, referee: Referee, now: Moment) {
        self.limits = limits
        self.referee = referee
        state = ClientConnectionState(limits: limits, now: now)
        packed = OutboundFrame.hello(ClientConnectionState.hello(limits: limits, peer: "c/1@1"))
            .bytes()
    }

    var openCalls: Int { phase == .open ? state.openCalls : 0 }
    var nextTick: Moment? { phase == .open ? state.nextTick : nil }
    /// Whether something waits for a flush.
    var hasPacked: Bool { phase == .open && !packed.isEmpty }

    /// - Parameter isPacked: false: the message cannot be packed, as happens to ones too large.
    func begin(_ method: UInt32, deadline: Moment, now: Moment, isPacked: Bool, owing: Int) {
        guard phase == .open, state.hasRoom else { return }
        guard let call = state.begin(deadline: deadline) else {
            return referee.fault("hasRoom, but no room for a call")
        }
        referee.check(!hasGoaway, "a call began after the GOAWAY")
        guard isPacked else { return state.takeBack(call) }
        referee.began(call.id)
        var request = Frame.Request(method: .id(method))
        request.isOpen = method == Referee.bidirectional
        request.timeoutMicroseconds = UInt64(max(1, now.nanoseconds(to: deadline) / 1000))
        packed += OutboundFrame.request(request).bytes(
            id: call.id, payload: request.isOpen ? [] : Referee.payload(of: call.id))
        waiting.append(call)
        guard method != Referee.unary else { return }
        state.openStream(call, receives: true)
        streams.append(ScheduledStream(call: call, sends: request.isOpen, owing: owing))
    }

    /// Whether a stream could send a message now.
    var isSending: Bool {
        guard phase == .open, isReady else { return false }
        return streams.contains {
            $0.sends && !$0.hasEnded && ($0.owing == 0 || state.outlook($0.call) == .open)
        }
    }

    /// The calls that wait for room.
    var blocked: Set<UInt64> {
        guard phase == .open, isReady else { return [] }
        let waiting = streams.filter {
            $0.sends && !$0.hasEnded && $0.owing > 0 && state.outlook($0.call) != .open
        }
        return Set(waiting.map(\.call.id))
    }

    /// The calls whose messages somebody takes.
    var receiving: Set<UInt64> { Set(streams.map(\.call.id)) }

    /// A stream sends its next message, if there is room; after the last one it says so. The windows of
    /// this server are smaller than a client may count on, so that it waits for the Hello.
    func sendMessage(_ index: Int) {
        guard phase == .open, isReady, streams.indices.contains(index) else { return }
        let stream = streams[index]
        guard stream.sends, !stream.hasEnded else { return }
        guard stream.owing > 0 else {
            packed += OutboundFrame.data(.end).bytes(id: stream.call.id)
            streams[index].hasEnded = true
            return
        }
        guard state.outlook(stream.call) == .open else { return }
        let frame = OutboundFrame.data(Frame.Data()).bytes(
            id: stream.call.id, payload: Referee.message(stream.sent))
        packed += frame
        state.sentData(frame.count - 4, of: stream.call)
        streams[index].sent += 1
        streams[index].owing -= 1
    }

    /// Somebody takes messages that came.
    func takeMessages(_ index: Int, most: Int) {
        guard phase == .open, streams.indices.contains(index) else { return }
        for byteCount in streams[index].untaken.prefix(most) {
            state.consumed(byteCount, of: streams[index].call)
        }
        streams[index].untaken.removeFirst(min(most, streams[index].untaken.count))
    }

    /// The caller of one of the waiting calls is cancelled.
    func abandon(_ index: Int) {
        guard phase == .open, waiting.indices.contains(index) else { return }
        let call = waiting[index]
        if state.abandon(call) {
            packed += OutboundFrame.cancel.bytes(id: call.id)
        } else {
            referee.fault("a waiting call cannot be abandoned")
        }
        referee.check(!state.abandon(call), "a call was abandoned twice")
        tell(call, .unanswered(.unknown))
    }

    func ping(_ nonce: UInt64) {
        guard phase == .open else { return }
        packed += OutboundFrame.ping(Frame.Ping(isAcknowledgement: false, nonce: nonce)).bytes()
    }

    func flush() {
        guard phase == .open else { return }
        if let pong = state.takePong() { packed += OutboundFrame.ping(pong).bytes() }
        referee.check(state.takePong() == nil, "a ping was answered twice")
        for (id, total) in state.takeGrants() {
            packed += OutboundFrame.window(Frame.Window(bytes: total)).bytes(id: id)
        }
        referee.check(state.takeGrants().isEmpty, "a grant was made twice")
        state.sent()
        outgoing.write(packed)
        packed = []
    }

    func read(_ bytes: [UInt8], now: Moment) {
        unread.append(bytes)
        while phase == .open, let piece = unread.next(maxFrame: state.maxFrame) {
            switch piece {
            case .badLength(let length): perform(state.receiveBadLength(length), [])
            case .envelope(let frame):
                perform(frame.withUnsafeBytes { state.receive($0, at: now) }, frame)
            }
        }
    }

    func tick(at now: Moment) {
        guard phase == .open else { return }
        let isDue = state.nextTick.map { $0 <= now } ?? false
        let (expired, goaway) = state.tick(at: now)
        referee.check(isDue || expired.isEmpty && goaway == nil, "the client's tick was not due")
        for call in expired {
            packed += OutboundFrame.cancel.bytes(id: call.id)
            tell(call, .unanswered(.unknown))
        }
        if let goaway { end(goaway) }
        if phase == .open {
            referee.check(
                state.nextTick.map { $0 > now } ?? true, "the client's timer does not move on")
        }
    }

    /// The connection is gone: the other side closed it, or the network did.
    func lose() {
        if phase == .open { told(state.closed()) }
        phase = .closed
        outgoing.cut()
    }

    private func perform(_ action: ClientConnectionState.Action, _ frame: [UInt8]) {
        switch action {
        case .ready: isReady = true
        case .data(let call, let payload, let byteCount):
            received(call, Array(frame[payload]), byteCount)
        case .complete(let call, let response, let payload):
            var reply = Array(frame[payload])
            if let stream = streams.first(where: { $0.call == call }), response.error == nil {
                referee.check(
                    referee.isNoisy || reply == [UInt8(stream.received)],
                    "call \(call.id) ended after \(stream.received) messages, not \(reply)")
                reply = Referee.payload(of: call.id)
            }
            tell(call, .answered(response.error, payload: reply))
            closeIfRetired()
        case .freed: closeIfRetired()
        case .retire(let goaway, let calls):
            hasGoaway = true
            referee.clientLearned(goaway)
            for call in calls { tell(call, .unanswered(.notExecuted)) }
            closeIfRetired()
        case .refuse(let id, let error):
            packed += OutboundFrame.response(Frame.Response(error: error)).bytes(id: id)
        case .close(let goaway): end(goaway)
        default: break
        }
    }

    private func received(
        _ call: ClientConnectionState.Call, _ message: [UInt8], _ byteCount: Int
    ) {
        // An abandoned call's Data does not come here.
        guard let index = streams.firstIndex(where: { $0.call == call }) else {
            return referee.fault("Data of call \(call.id), for which nobody waits")
        }
        referee.received(message, number: streams[index].received, of: call.id, at: "client")
        streams[index].received += 1
        streams[index].untaken.append(byteCount)
        referee.check(
            referee.isNoisy
                || streams[index].untaken.reduce(0, +) <= limits.streamWindow + 100,
            "more waits than the window lets")
    }

    private func end(_ goaway: Frame.Goaway) {
        referee.accused("client", goaway)
        close(with: goaway)
    }

    private func closeIfRetired() {
        if phase == .open, state.isRetired { close(with: nil) }
    }

    /// Sends what is packed and a last frame; nothing comes after it.
    private func close(with goaway: Frame.Goaway?) {
        if let goaway { packed += OutboundFrame.goaway(goaway).bytes() }
        flush()
        outgoing.end()
        phase = .lingering
        told(state.closed())
        referee.check(!state.hasRoom, "a closed connection has room")
        referee.check(state.nextTick == nil, "a closed connection has a timer")
    }

    private func told(_ lost: [(call: ClientConnectionState.Call, verdict: RetryVerdict)]) {
        for (call, verdict) in lost { tell(call, .unanswered(verdict)) }
        referee.check(waiting.isEmpty, "callers of a lost connection were not told")
    }

    private func tell(_ call: ClientConnectionState.Call, _ end: Referee.End) {
        guard let index = waiting.firstIndex(of: call) else {
            return referee.fault("call \(call.id) ended, and nobody waits for it")
        }
        waiting.remove(at: index)
        streams.removeAll { $0.call == call }
        referee.ended(call.id, end)
    }
}
