/// The server's end of one connection: which frames are allowed when, which calls run, what is
/// answered without a handler. Pure: the time comes in, what is to be done comes out.
package struct ServerConnectionState: ~Copyable, Sendable {
    /// Who a Hello's sender is.
    package enum Authentication: Sendable {
        case anonymous
        /// The one of this name.
        case service(String)
        /// The connection ends with this reason.
        case refused(String)
    }

    /// What is to be done.
    package enum Action: Sendable {
        case none
        /// Answer with this Hello; from now on the peer is known.
        indirect case hello(Frame.Hello, Peer)
        /// Run a call. `finish` must be called when its handler has ended.
        case start(Start)
        /// Answer a call that does not run.
        indirect case refuse(id: UInt64, RPCError)
        /// A message of an open call, or (without a payload) the end of its messages, or both. `consumed`
        /// must be told when the handler has taken it.
        case data(Data)
        /// The client takes more Data, on one call or (id 0) on any.
        case resume(id: UInt64)
        /// Send this; running calls go on.
        indirect case drain(Frame.Goaway)
        /// Cancel the handler's task.
        case cancel(slot: Int)
        /// Send the GOAWAY, then close. Nothing that arrives after it is looked at.
        indirect case close(Frame.Goaway)
        /// Close at once: the peer does not read.
        case abort
    }

    /// A call that is to run.
    package struct Start: Sendable {
        package let slot: Int
        package let id: UInt64
        package let request: Frame.Request
        /// Of the payload, counted from the envelope's first byte.
        package let payload: Range<Int>
        package let deadline: Moment
    }

    /// What an open call received.
    package struct Data: Sendable {
        package let slot: Int
        package let id: UInt64
        /// Counted from the envelope's first byte; nil: no message.
        package let payload: Range<Int>?
        /// No further messages come.
        package let ends: Bool
        /// What it takes of the windows.
        package let byteCount: Int
    }

    enum State {
        /// Nothing came yet. → open, draining, closed
        case awaitingHello(until: Moment)
        /// → advised, closed
        case open
        /// A GOAWAY told the client to go, which may cross calls of its: they still run. When it has answered the
        /// ping that followed, it knows. → draining, closed
        case advised(finalBy: Moment, until: Moment)
        /// The final GOAWAY is sent, running calls go on; after the grace they are cancelled. → closed
        case draining(until: Moment, isCancelled: Bool)
        /// Handlers may still be ending.
        case closed
    }

    let limits: ConnectionLimits
    let peerName: String
    /// Must not touch the connection: the state is being changed while it runs.
    let authenticate: @Sendable (Frame.Hello) -> Authentication
    var state: State
    var calls = CallTable()
    var streams: StreamTable
    var lastID: UInt64 = 0
    var cancels: RateBudget
    var pings: RateBudget
    var pong: UInt64?
    var idleSince: Moment
    /// How long the peer may stay without a call.
    var idle: Duration
    /// Since when more waits to be sent than may.
    var stalledSince: Moment?
    var refusedWhileStalled = 0
    /// How many calls at once the peer was told last.
    var toldCalls: Int
    /// The largest length of the next frame; before the Hello little is enough.
    package internal(set) var maxFrame: Int
    /// The largest reply that the peer takes.
    package internal(set) var mostReplyBytes: Int

    /// After a cancelled handler has had this long to end, the connection is closed all the same.
    static let cancelGrace = Duration.seconds(5)
    /// How long the advice to go may take to be answered.
    static let adviceTime = Duration.seconds(1)
    /// Of the ping behind the advice.
    static let adviceNonce: UInt64 = 0x676f_6177_6179
    /// Refusals are bytes, too: more of them to a peer that does not read close its connection.
    static let mostRefusedWhileStalled = 4096

    package init(
        limits: ConnectionLimits, peerName: String, now: Moment,
        authenticate: @escaping @Sendable (Frame.Hello) -> Authentication
    ) {
        self.limits = limits
        streams = StreamTable(limits)
        self.peerName = peerName
        self.authenticate = authenticate
        state = .awaitingHello(until: now + limits.handshake)
        cancels = RateBudget(
            capacity: limits.cancelBurst, perSecond: Double(limits.cancelBurst) / 2)
        pings = RateBudget(capacity: 16, perSecond: .seconds(1) / limits.minPing)
        idleSince = now
        idle = limits.idle
        toldCalls = limits.maxCalls
        maxFrame = limits.mostHelloBytes
        mostReplyBytes = limits.maxMessage
    }

    /// Whether more waits to be sent than may.
    package var isStalled: Bool { stalledSince != nil }

    /// Calls whose handlers have not ended.
    package var runningCalls: Int { calls.count }

    /// Whether everything is answered after a shutdown began.
    package var isDrained: Bool {
        if case .draining = state { calls.count == 0 } else { false }
    }

    /// Where a running call is.
    package func slot(of id: UInt64) -> Int? { calls.slot(of: id) }

    /// Whether the slot's call is still running.
    package func isRunning(_ id: UInt64, slot: Int) -> Bool { calls.holds(id, at: slot) }

    /// The answer to the latest ping, once.
    package mutating func takePong() -> Frame.Ping? {
        guard let nonce = pong else { return nil }
        pong = nil
        return Frame.Ping(isAcknowledgement: true, nonce: nonce)
    }

    /// What to tell the peer of the server's limit of calls at once. Small changes are not worth a frame.
    /// - Parameter limit: of all connections together.
    package mutating func takeWindow(limit: Int) -> Frame.Window? {
        guard case .open = state else { return nil }
        let most = max(1, min(limit, limits.maxCalls))
        let change = abs(most - toldCalls)
        guard change > 0, change * 8 >= toldCalls || most == limits.maxCalls else { return nil }
        toldCalls = most
        return Frame.Window(maxCalls: UInt32(clamping: most))
    }

    /// A frame that came, without its length.
    package mutating func receive(_ frame: UnsafeRawBufferPointer, at now: Moment) -> Action {
        do throws(WireFault) {
            let envelope = try unsafe Envelope(frame)
            switch state {
            case .closed: return .none
            case .awaitingHello:
                guard envelope.body == .hello, envelope.id == 0 else {
                    return close(.failedPrecondition, "the first frame is no Hello")
                }
                return greet(try unsafe Frame.Hello(frame, envelope.range))
            case .open, .advised, .draining:
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

    /// A frame whose rest did not come in time.
    package mutating func receiveTooSlowly() -> Action {
        close(.deadlineExceeded, "a frame did not come whole within \(limits.frame)")
    }

    /// The handler has ended: frees the call's slot.
    /// - Returns: whether to send its Response; false when the connection is closed.
    package mutating func finish(slot: Int, at now: Moment) -> Bool {
        if let id = calls[slot]?.id { streams.close(id) }
        calls.remove(slot)
        if calls.count == 0 { idleSince = now }
        if case .closed = state { return false }
        return true
    }

    /// More or no longer more waits to be sent than may.
    package mutating func outbound(isOverLimit: Bool, at now: Moment) {
        stalledSince = isOverLimit ? stalledSince ?? now : nil
        if !isOverLimit { refusedWhileStalled = 0 }
    }

    /// A graceful shutdown, first step: advises the client to send its calls elsewhere. Those that were on
    /// their way run; they and the running ones have the grace to end.
    /// - Returns: the frames to send; none when there is nobody to send them to.
    package mutating func drain(at now: Moment) -> [OutboundFrame] {
        let end = now + limits.grace
        switch state {
        case .awaitingHello:
            state = .draining(until: end, isCancelled: false)
            return [.goaway(farewell(lastID: 0))]
        case .open:
            state = .advised(finalBy: min(now + Self.adviceTime, end), until: end)
            return [
                .goaway(farewell(lastID: .max)),
                .ping(Frame.Ping(isAcknowledgement: false, nonce: Self.adviceNonce)),
            ]
        case .advised, .draining, .closed: return []
        }
    }

    /// Second step: calls with a higher id than this GOAWAY's did not and will not run.
    mutating func endDraining(until end: Moment) -> Action {
        state = .draining(until: end, isCancelled: false)
        return .drain(farewell(lastID: lastID))
    }

    func farewell(lastID: UInt64) -> Frame.Goaway {
        Frame.Goaway(
            lastID: lastID, code: .ok, message: "the server shuts down",
            graceMilliseconds: UInt32(clamping: limits.grace.wholeMilliseconds))
    }

    /// The connection is gone.
    /// - Returns: the slots of the handlers to cancel.
    package mutating func closed() -> [Int] {
        state = .closed
        return calls.live.map(\.slot)
    }
}

// What time brings.
extension ServerConnectionState {
    /// When `tick` has something to do; it may be too early, never too late.
    package var nextTick: Moment? {
        var next = calls.count > 0 ? calls.earliest : nil
        func consider(_ moment: Moment) { next = next.map { min($0, moment) } ?? moment }
        switch state {
        case .closed: return nil
        case .awaitingHello(let until): consider(until)
        case .open: if calls.count == 0 { consider(idleSince + idle) }
        case .advised(let finalBy, _): consider(finalBy)
        case .draining(let until, _): consider(until)
        }
        if let stalledSince { consider(stalledSince + limits.outboundStall) }
        return next
    }

    /// Does what is due.
    package mutating func tick(at now: Moment) -> [Action] {
        if case .closed = state { return [] }
        if let stalledSince, stalledSince + limits.outboundStall <= now {
            state = .closed
            return [.abort]
        }
        var actions = calls.takeExpired(at: now).map { call in
            streams.abandon(call.id)
            return Action.cancel(slot: call.slot)
        }
        if case .advised(let finalBy, let until) = state, finalBy <= now {
            actions.append(endDraining(until: until))
        }
        switch state {
        case .closed: break
        case .awaitingHello(let until):
            if until <= now {
                actions.append(
                    close(.deadlineExceeded, "no Hello within \(limits.handshake)"))
            }
        case .open:
            if calls.count == 0, idleSince + idle <= now {
                actions.append(close(.ok, "no call for \(idle)"))
            }
        case .advised: break
        case .draining(let until, let isCancelled):
            guard until <= now else { break }
            if isCancelled {
                actions.append(close(.ok, "the server shuts down"))
            } else {
                for (slot, _) in calls.live {
                    calls.markCancelled(slot)
                    actions.append(.cancel(slot: slot))
                }
                state = .draining(until: now + Self.cancelGrace, isCancelled: true)
            }
        }
        return actions
    }
}
