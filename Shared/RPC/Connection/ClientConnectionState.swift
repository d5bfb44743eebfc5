/// The client's end of one connection: ids, the server's limits, which calls wait for an answer and
/// what became of them when the connection ends. Pure: the time comes in, what is to be done comes out.
package struct ClientConnectionState: ~Copyable, Sendable {
    /// A call in flight. The slot is below the limit of calls at once and is used again, the id is not.
    package struct Call: Sendable, Hashable {
        package let slot: Int
        package let id: UInt64

        package init(slot: Int, id: UInt64) {
            self.slot = slot
            self.id = id
        }
    }

    /// What is to be done.
    package enum Action: Sendable {
        case none
        /// The server's Hello is there.
        case ready
        /// The call has its answer.
        case complete(Call, Frame.Response, payload: Range<Int>)
        /// A message of a call's reply stream. `consumed` must be told when somebody has taken it.
        case data(Call, payload: Range<Int>, byteCount: Int)
        /// The server takes more Data, on one call or (nil) on any.
        case resume(Call?)
        /// An abandoned call has ended: there is room for another.
        case freed
        /// The server told that it ends the connection. These calls did not run; others are still answered.
        indirect case retire(Frame.Goaway, notExecuted: [Call])
        /// Answer a call of the server's, which this version does not take.
        indirect case refuse(id: UInt64, RPCError)
        /// Send the GOAWAY, then close.
        indirect case close(Frame.Goaway)
    }

    enum State {
        /// Hello is sent; calls may be, too. → open, retiring, closed
        case greeting(until: Moment)
        /// → retiring, closed
        case open
        /// No further calls. → closed
        case retiring
        case closed
    }

    let limits: ConnectionLimits
    var state: State
    var calls = CallTable()
    var streams: StreamTable
    /// Of the latest call. Ids are as small as they can be, for they travel with every frame.
    var lastID: UInt64 = 0
    /// Calls up to this id were handed to the socket.
    var lastSentID: UInt64 = 0
    var maxCalls: Int
    /// Refusals of the server's calls: a flood of these must not make a flood of answers.
    var refusals = RateBudget(capacity: 64, perSecond: 64)
    var pong: UInt64?
    /// The largest length of the next frame; until the Hello is there, little is enough.
    package private(set) var maxFrame: Int
    /// The largest request that the server takes.
    package private(set) var mostRequestBytes: Int

    static let mostID: UInt64 = 1 << 62

    package init(limits: ConnectionLimits, now: Moment) {
        precondition(limits.maxCalls <= ConnectionLimits.mostCalls)
        self.limits = limits
        streams = StreamTable(limits)
        state = .greeting(until: now + limits.handshake)
        maxCalls = limits.maxCalls
        maxFrame = limits.mostHelloBytes
        mostRequestBytes = limits.maxMessage
    }

    /// The Hello to begin with.
    package static func hello(
        limits: ConnectionLimits, peer: String
    ) -> Frame.Hello {
        var hello = Frame.Hello()
        hello.version = Frame.version
        hello.minVersion = Frame.version
        hello.maxFrame = UInt32(clamping: limits.maxFrame)
        hello.maxMessage = UInt32(clamping: limits.maxMessage)
        hello.streamWindow = UInt32(clamping: limits.streamWindow)
        hello.connectionWindow = UInt32(clamping: limits.connectionWindow)
        hello.peer = peer
        return hello
    }

    /// Calls that the server still has to answer, abandoned ones included.
    package var openCalls: Int { calls.count }

    /// Whether `begin` would take a call.
    package var hasRoom: Bool {
        switch state {
        case .greeting, .open: calls.count < maxCalls && lastID < Self.mostID
        case .retiring, .closed: false
        }
    }

    /// Whether the connection takes no further calls and has answered all that it had.
    package var isRetired: Bool {
        if case .retiring = state { calls.count == 0 } else { false }
    }

    /// The answer to the latest ping, once.
    package mutating func takePong() -> Frame.Ping? {
        guard let nonce = pong else { return nil }
        pong = nil
        return Frame.Ping(isAcknowledgement: true, nonce: nonce)
    }

    /// Takes an id for a call; nil when the server's limit is reached or the connection ends.
    package mutating func begin(deadline: Moment) -> Call? {
        guard hasRoom else { return nil }
        // A client's ids are odd.
        let id = lastID == 0 ? 1 : lastID + 2
        guard let slot = calls.insert(id, limit: maxCalls, deadline: deadline) else { return nil }
        lastID = id
        return Call(slot: slot, id: id)
    }

    /// Gives an id back whose request was never packed. The id is not used again.
    package mutating func takeBack(_ call: Call) {
        streams.close(call.id)
        calls.remove(call.slot)
    }

    /// Everything begun so far was handed to the socket.
    package mutating func sent() { lastSentID = lastID }

    /// Nobody waits for the call any more. Its slot stays taken until the server has answered.
    /// It may run all the same, even when it was not handed to the socket yet: it will be.
    /// - Returns: whether to send a Cancel.
    package mutating func abandon(_ call: Call) -> Bool {
        guard calls.holds(call.id, at: call.slot), calls[call.slot]?.isCancelled == false else {
            return false
        }
        calls.markCancelled(call.slot)
        streams.abandon(call.id)
        return true
    }

    /// Whether a call of a connection that is gone ran, as far as this side can know.
    func verdict(_ call: Call) -> RetryVerdict {
        call.id > lastSentID ? .notExecuted : .unknown
    }

    /// A frame that came, without its length.
    package mutating func receive(_ frame: UnsafeRawBufferPointer, at now: Moment) -> Action {
        do throws(WireFault) {
            let envelope = try unsafe Envelope(frame)
            switch state {
            case .closed: return .none
            case .greeting:
                switch envelope.body {
                case .hello where envelope.id == 0:
                    return greeted(try unsafe Frame.Hello(frame, envelope.range))
                case .goaway: return try unsafe goaway(envelope, frame)
                default: return close(.failedPrecondition, "the first frame is no Hello")
                }
            case .open, .retiring:
                return try unsafe handle(envelope, frame, at: now)
            }
        } catch {
            return close(.invalidArgument, "a frame is no envelope: \(error)")
        }
    }

    /// A frame's length that was zero or too large.
    package mutating func receiveBadLength(_ length: Int) -> Action {
        close(.invalidArgument, "a frame of \(length) bytes; 1 to \(maxFrame) are allowed")
    }

    /// The connection is gone.
    /// - Returns: the calls that get no answer, each with what is known of it.
    package mutating func closed() -> [(call: Call, verdict: RetryVerdict)] {
        state = .closed
        return calls.live.map {
            let call = Call(slot: $0.slot, id: $0.id)
            calls.remove(call.slot)
            return (call, verdict(call))
        }
    }

    /// When `tick` has something to do; it may be too early, never too late.
    package var nextTick: Moment? {
        var next: Moment?
        if case .greeting(let until) = state { next = until }
        if calls.count > 0, let earliest = calls.earliest {
            next = next.map { min($0, earliest) } ?? earliest
        }
        if case .closed = state { return nil }
        return next
    }

    /// Does what is due.
    /// - Returns: calls whose time is up, each to be told (it may run all the same) and cancelled, and a
    ///   reason to close.
    package mutating func tick(at now: Moment) -> (expired: [Call], close: Frame.Goaway?) {
        if case .closed = state { return ([], nil) }
        let expired = calls.takeExpired(at: now).map { Call(slot: $0.slot, id: $0.id) }
        for call in expired { streams.abandon(call.id) }
        guard case .greeting(let until) = state, until <= now else { return (expired, nil) }
        state = .closed
        return (
            expired,
            Frame.Goaway(
                lastID: 0, code: .deadlineExceeded, message: "no Hello within \(limits.handshake)")
        )
    }
}

// Frames of an open connection.
extension ClientConnectionState {
    mutating func greeted(_ hello: Frame.Hello) -> Action {
        guard hello.version == Frame.version else {
            return close(
                .failedPrecondition,
                "the server chose version \(hello.version); this side speaks \(Frame.version)")
        }
        state = .open
        maxFrame = limits.maxFrame
        mostRequestBytes = min(limits.maxMessage, hello.mostMessageBytes)
        streams.greeted(hello)
        if hello.maxCalls > 0 {
            maxCalls = min(Int(hello.maxCalls), ConnectionLimits.mostCalls)
        }
        return .ready
    }

    mutating func handle(
        _ envelope: Envelope, _ frame: UnsafeRawBufferPointer, at now: Moment
    ) throws(WireFault) -> Action {
        switch envelope.body {
        case .response: return try unsafe response(envelope, frame)
        case .ping:
            let ping = try unsafe Frame.Ping(frame, envelope.range)
            if !ping.isAcknowledgement { pong = ping.nonce }
            return .none
        case .goaway: return try unsafe goaway(envelope, frame)
        case .window:
            return window(try unsafe Frame.Window(frame, envelope.range), id: envelope.id)
        case .hello: return close(.failedPrecondition, "a second Hello")
        case .data: return try unsafe data(envelope, frame)
        case .request:
            return envelope.id != 0 && envelope.id.isMultiple(of: 2)
                ? refuse(envelope.id, "a call from server to client", at: now)
                : close(.invalidArgument, "a server's call has the id \(envelope.id)")
        case .cancel: return .none
        case nil:
            return envelope.id == 0
                ? .none : refuse(envelope.id, "this kind of frame", at: now)
        }
    }

    mutating func refuse(_ id: UInt64, _ what: String, at now: Moment) -> Action {
        guard refusals.take(at: now) else {
            return close(.resourceExhausted, "more calls from server to client than are refused")
        }
        return .refuse(id: id, .unimplemented(what))
    }

    mutating func response(
        _ envelope: Envelope, _ frame: UnsafeRawBufferPointer
    ) throws(WireFault) -> Action {
        let id = envelope.id
        guard !id.isMultiple(of: 2), id <= lastID else {
            return close(.invalidArgument, "a Response to call \(id), which was never made")
        }
        guard let slot = calls.slot(of: id), let entry = calls[slot] else { return .none }
        let call = Call(slot: slot, id: id)
        let (response, payload) = try unsafe Frame.Response.read(frame, envelope.range)
        streams.close(id)
        calls.remove(call.slot)
        return entry.isCancelled ? .freed : .complete(call, response, payload: payload)
    }

    mutating func goaway(
        _ envelope: Envelope, _ frame: UnsafeRawBufferPointer
    ) throws(WireFault) -> Action {
        let goaway = try unsafe Frame.Goaway(frame, envelope.range)
        state = .retiring
        let notExecuted = calls.live.filter { $0.id > goaway.lastID }
            .map { Call(slot: $0.slot, id: $0.id) }
        // Abandoned ones, too: none of them gets a Response.
        calls.removeAll { $0 > goaway.lastID }
        streams.closeAll { $0 > goaway.lastID }
        return .retire(goaway, notExecuted: notExecuted)
    }

    mutating func close(_ code: RPCCode, _ message: String) -> Action {
        state = .closed
        return .close(Frame.Goaway(lastID: 0, code: code, message: message))
    }
}
