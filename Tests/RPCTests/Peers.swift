import MessageCoding
import Messages
import RPC

/// Bytes as a peer with another implementation would send them.
func framed(_ envelope: Wire.Envelope) throws -> [UInt8] { framed(try envelope.encodedBytes()) }

func framed(_ bytes: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { [UInt8]($0) } + bytes
}

func helloFrame(_ change: (inout Wire.Hello) -> Void = { _ in }) throws -> [UInt8] {
    var hello = Wire.Hello(version: 1, minVersion: 1, peer: "tester/1@0.1.0")
    change(&hello)
    return try framed(Wire.Envelope(body: .hello(hello)))
}

func requestFrame(
    _ id: UInt64, _ change: (inout Wire.Request) -> Void = { _ in }
) throws -> [UInt8] {
    var request = Wire.Request(method: "test.v1.Test/Echo", payload: [1, 2, 3])
    change(&request)
    return try framed(Wire.Envelope(id: id, body: .request(request)))
}

func cancelFrame(_ id: UInt64) throws -> [UInt8] {
    try framed(Wire.Envelope(id: id, body: .cancel(Wire.Cancel(code: 1))))
}

func pingFrame(_ nonce: UInt64) throws -> [UInt8] {
    try framed(Wire.Envelope(body: .ping(Wire.Ping(nonce: nonce))))
}

/// A frame of a kind that no version knows.
func unknownFrame(_ id: UInt64) throws -> [UInt8] {
    framed(try Wire.Envelope(id: id).encodedBytes() + [0x82, 1, 0])
}

func dataFrame(_ id: UInt64, _ change: (inout Wire.Data) -> Void = { _ in }) throws -> [UInt8] {
    var data = Wire.Data(payload: [9])
    change(&data)
    return try framed(Wire.Envelope(id: id, body: .data(data)))
}

func windowFrame(_ id: UInt64, _ bytes: UInt64) throws -> [UInt8] {
    try framed(Wire.Envelope(id: id, body: .window(Wire.Window(bytes: bytes))))
}

/// A server's end without a socket: what is fed to it, and what it wanted to be done, in words.
final class ServerEnd {
    private var state: ServerConnectionState
    var limits: ConnectionLimits
    var now = Moment(nanoseconds: 0)
    private var adviceNonce: UInt64?
    private(set) var events: [String] = []
    private(set) var isClosed = false
    private var unread: [UInt8] = []
    /// The slots of the calls that were started, by their ids.
    private(set) var slots: [UInt64: Int] = [:]

    init(
        _ change: (inout ConnectionLimits) -> Void = { _ in },
        authenticate: @escaping @Sendable (Frame.Hello) -> ServerConnectionState.Authentication = {
            _ in .anonymous
        }
    ) {
        limits = ConnectionLimits()
        change(&limits)
        state = ServerConnectionState(
            limits: limits, peerName: "server/1@0.1.0", now: now, authenticate: authenticate)
    }

    func feed(_ bytes: [UInt8]) {
        unread += bytes
        while !isClosed {
            let extent = unread.withUnsafeBytes { Frame.extent(of: $0, maxFrame: state.maxFrame) }
            switch extent {
            case .incomplete: return
            case .badLength(let length): perform(state.receiveBadLength(length), [])
            case .envelope(let byteCount):
                let frame = Array(unread[4..<4 + byteCount])
                unread.removeFirst(4 + byteCount)
                perform(frame.withUnsafeBytes { state.receive($0, at: now) }, frame)
            }
        }
    }

    func feed(_ frames: [[UInt8]]) { for frame in frames { feed(frame) } }

    var runningCalls: Int { state.runningCalls }
    var isDrained: Bool { state.isDrained }
    var nextTick: Moment? { state.nextTick }
    var mostReplyBytes: Int { state.mostReplyBytes }
    func takePong() -> Frame.Ping? { state.takePong() }
    func takeWindow(limit: Int) -> Frame.Window? { state.takeWindow(limit: limit) }
    func outbound(isOverLimit: Bool) { state.outbound(isOverLimit: isOverLimit, at: now) }
    func drain() -> [OutboundFrame] {
        let frames = state.drain(at: now)
        for case .ping(let ping) in frames { adviceNonce = ping.nonce }
        return frames
    }
    func takeGrants() -> [(id: UInt64, total: UInt64)] { state.takeGrants() }
    func consumed(_ byteCount: Int, of id: UInt64) { state.consumed(byteCount, of: id) }
    func outlook(_ id: UInt64) -> SendOutlook { state.outlook(id) }
    func sentData(_ byteCount: Int, of id: UInt64) { state.sentData(byteCount, of: id) }

    /// The client answers the ping that came behind the advice to go.
    func answerAdvice() {
        guard let nonce = adviceNonce else { return }
        feed(OutboundFrame.ping(Frame.Ping(isAcknowledgement: true, nonce: nonce)).bytes())
    }

    func closed() -> [Int] { state.closed() }

    /// The handler of a call has ended.
    @discardableResult
    func finish(_ id: UInt64) -> Bool {
        guard let slot = slots.removeValue(forKey: id) else { return false }
        return state.finish(slot: slot, at: now)
    }

    func advance(_ duration: Duration) {
        now = now + duration
        for action in state.tick(at: now) { perform(action, []) }
    }

    private func perform(_ action: ServerConnectionState.Action, _ frame: [UInt8]) {
        switch action {
        case .none: break
        case .hello(let hello, let peer):
            events.append("hello \(hello.version) to \(peer.name)")
        case .start(let start):
            slots[start.id] = start.slot
            if start.request.isOpen { state.openStream(start.id, slot: start.slot, receives: true) }
            events.append(
                "start \(start.id) \(start.request.method) \(Array(frame[start.payload]))")
        case .refuse(let id, let error):
            events.append("refuse \(id) \(error.code) \(error.verdict): \(error.message)")
        case .cancel(let slot):
            let id = slots.first { $0.value == slot }?.key ?? 0
            events.append("cancel \(id)")
        case .data(let data):
            let payload = data.payload.map { "\(Array(frame[$0]))" } ?? "nothing"
            events.append("data \(data.id) \(payload)\(data.ends ? " end" : "")")
        case .resume(let id): events.append("resume \(id)")
        case .drain(let goaway): events.append("drain \(goaway.lastID)")
        case .close(let goaway):
            isClosed = true
            events.append("close \(goaway.lastID) \(goaway.code): \(goaway.message)")
        case .abort:
            isClosed = true
            events.append("abort")
        }
    }
}

/// A client's end without a socket.
final class ClientEnd {
    private var state: ClientConnectionState
    let limits: ConnectionLimits
    var now = Moment(nanoseconds: 0)
    private(set) var events: [String] = []
    private(set) var isClosed = false
    private var unread: [UInt8] = []

    init(_ change: (inout ConnectionLimits) -> Void = { _ in }) {
        var limits = ConnectionLimits()
        change(&limits)
        self.limits = limits
        state = ClientConnectionState(limits: limits, now: now)
    }

    var openCalls: Int { state.openCalls }
    var hasRoom: Bool { state.hasRoom }
    var isRetired: Bool { state.isRetired }
    var nextTick: Moment? { state.nextTick }
    var mostRequestBytes: Int { state.mostRequestBytes }
    func begin(deadline: Moment) -> ClientConnectionState.Call? { state.begin(deadline: deadline) }
    func openStream(_ call: ClientConnectionState.Call, receives: Bool) {
        state.openStream(call, receives: receives)
    }
    func abandon(_ call: ClientConnectionState.Call) -> Bool { state.abandon(call) }
    func sent() { state.sent() }
    func closed() -> [(call: ClientConnectionState.Call, verdict: RetryVerdict)] { state.closed() }
    func tick(at now: Moment) -> (expired: [ClientConnectionState.Call], close: Frame.Goaway?) {
        state.tick(at: now)
    }

    func feed(_ bytes: [UInt8]) {
        unread += bytes
        while !isClosed {
            let extent = unread.withUnsafeBytes { Frame.extent(of: $0, maxFrame: state.maxFrame) }
            switch extent {
            case .incomplete: return
            case .badLength(let length): perform(state.receiveBadLength(length), [])
            case .envelope(let byteCount):
                let frame = Array(unread[4..<4 + byteCount])
                unread.removeFirst(4 + byteCount)
                perform(frame.withUnsafeBytes { state.receive($0, at: now) }, frame)
            }
        }
    }

    private func perform(_ action: ClientConnectionState.Action, _ frame: [UInt8]) {
        switch action {
        case .none: break
        case .ready: events.append("ready")
        case .complete(let call, let response, let payload):
            let answer = response.error.map { "\($0.code) \($0.verdict)" } ?? "\(frame[payload])"
            events.append("complete \(call.id) \(answer)")
        case .freed: events.append("freed")
        case .data(let call, let payload, _):
            events.append("data \(call.id) \(Array(frame[payload]))")
        case .resume(let call): events.append("resume \(call?.id ?? 0)")
        case .retire(let goaway, let calls):
            events.append("retire \(goaway.code) \(calls.map(\.id))")
        case .refuse(let id, let error): events.append("refuse \(id) \(error.code)")
        case .close(let goaway):
            isClosed = true
            events.append("close \(goaway.code): \(goaway.message)")
        }
    }
}

func responseFrame(
    _ id: UInt64, _ change: (inout Wire.Response) -> Void = { _ in }
) throws -> [UInt8] {
    var response = Wire.Response(payload: [7])
    change(&response)
    return try framed(Wire.Envelope(id: id, body: .response(response)))
}

/// Numbers that look random and are the same each time (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
