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

    private enum State {
        /// Nothing came yet. → open, closed
        case awaitingHello(until: Moment)
        /// → draining, closed
        case open
        /// GOAWAY is sent, running calls go on; after the grace they are cancelled. → closed
        case draining(until: Moment, isCancelled: Bool)
        /// Handlers may still be ending.
        case closed
    }

    private let limits: ConnectionLimits
    private let peerName: String
    private let authenticate: @Sendable (Frame.Hello) -> Authentication
    private var state: State
    private var calls = CallTable()
    private var lastID: UInt64 = 0
    private var cancels: RateBudget
    private var pings: RateBudget
    private var pong: UInt64?
    private var idleSince: Moment
    /// Since when more waits to be sent than may.
    private var stalledSince: Moment?
    private var refusedWhileStalled = 0
    /// The largest reply that the peer takes.
    package private(set) var mostReplyBytes: Int

    /// After a cancelled handler has had this long to end, the connection is closed all the same.
    private static let cancelGrace = Duration.seconds(5)
    /// Refusals are bytes, too: more of them to a peer that does not read close its connection.
    private static let mostRefusedWhileStalled = 4096

    package init(
        limits: ConnectionLimits, peerName: String, now: Moment,
        authenticate: @escaping @Sendable (Frame.Hello) -> Authentication
    ) {
        self.limits = limits
        self.peerName = peerName
        self.authenticate = authenticate
        state = .awaitingHello(until: now + limits.handshake)
        cancels = RateBudget(
            capacity: limits.cancelBurst, perSecond: Double(limits.cancelBurst) / 2)
        pings = RateBudget(capacity: 16, perSecond: .seconds(1) / limits.minPing)
        idleSince = now
        mostReplyBytes = limits.maxMessage
    }

    /// The largest length of the next frame; before the Hello little is enough.
    package var maxFrame: Int {
        if case .awaitingHello = state { limits.mostHelloBytes } else { limits.maxFrame }
    }

    /// Whether more waits to be sent than may.
    package var isStalled: Bool { stalledSince != nil }

    /// Calls whose handlers have not ended.
    package var runningCalls: Int { calls.count }

    /// Whether everything is answered after a shutdown began.
    package var isDrained: Bool {
        if case .draining = state { calls.count == 0 } else { false }
    }

    /// Whether the slot's call is still running.
    package func isRunning(_ id: UInt64, slot: Int) -> Bool { calls.holds(id, at: slot) }

    /// The answer to the latest ping, once.
    package mutating func takePong() -> Frame.Ping? {
        guard let nonce = pong else { return nil }
        pong = nil
        return Frame.Ping(isAcknowledgement: true, nonce: nonce)
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
            case .open, .draining:
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

    /// The handler has ended: frees the call's slot.
    /// - Returns: whether to send its Response; false when the connection is closed.
    package mutating func finish(slot: Int, at now: Moment) -> Bool {
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

    /// A graceful shutdown: no further calls; the running ones have the grace to end.
    /// - Returns: the GOAWAY to send; nil when there is nobody to send it to.
    package mutating func drain(at now: Moment) -> Frame.Goaway? {
        switch state {
        case .awaitingHello, .open:
            state = .draining(until: now + limits.grace, isCancelled: false)
            return Frame.Goaway(
                lastID: lastID, code: .ok, message: "the server shuts down",
                graceMilliseconds: UInt32(clamping: limits.grace.wholeMilliseconds))
        case .draining, .closed: return nil
        }
    }

    /// The connection is gone.
    /// - Returns: the slots of the handlers to cancel.
    package mutating func closed() -> [Int] {
        state = .closed
        return calls.live.map(\.slot)
    }
}

// Frames of an open connection.
extension ServerConnectionState {
    private mutating func greet(_ hello: Frame.Hello) -> Action {
        guard hello.version >= Frame.version, hello.minVersion <= Frame.version else {
            return close(
                .failedPrecondition,
                "no common version: this side speaks \(Frame.version), the peer"
                    + " \(hello.minVersion) to \(hello.version)")
        }
        let peer: Peer
        switch authenticate(hello) {
        case .anonymous: peer = Peer(name: hello.peer, isAuthenticated: false)
        case .service(let name): peer = Peer(name: name, isAuthenticated: true)
        case .refused(let reason): return close(.unauthenticated, reason)
        }
        state = .open
        mostReplyBytes = min(limits.maxMessage, hello.mostMessageBytes)
        var answer = Frame.Hello()
        answer.version = Frame.version
        answer.minVersion = Frame.version
        answer.maxFrame = UInt32(clamping: limits.maxFrame)
        answer.maxMessage = UInt32(clamping: limits.maxMessage)
        answer.maxCalls = UInt32(clamping: limits.maxCalls)
        answer.minPingMilliseconds = UInt32(clamping: limits.minPing.wholeMilliseconds)
        answer.peer = peerName
        return .hello(answer, peer)
    }

    private mutating func handle(
        _ envelope: Envelope, _ frame: UnsafeRawBufferPointer, at now: Moment
    ) throws(WireFault) -> Action {
        let id = envelope.id
        guard id == 0 || !id.isMultiple(of: 2) else {
            return close(.invalidArgument, "id \(id) is even; a client's calls have odd ids")
        }
        switch envelope.body {
        case .request:
            return try unsafe request(envelope, frame, at: now)
        case .cancel:
            guard cancels.take(at: now) else {
                return close(.resourceExhausted, "more cancels than this connection may send")
            }
            guard id != 0, id <= lastID else {
                // The call came after the GOAWAY, which its sender had not seen yet.
                if case .draining = state, id != 0 { return .none }
                return close(.invalidArgument, "a Cancel of call \(id), which was never made")
            }
            guard let slot = calls.slot(of: id), calls[slot]?.isCancelled == false else {
                return .none
            }
            calls.markCancelled(slot)
            return .cancel(slot: slot)
        case .ping:
            let ping = try unsafe Frame.Ping(frame, envelope.range)
            guard !ping.isAcknowledgement else { return .none }
            guard pings.take(at: now) else {
                return close(.resourceExhausted, "pings faster than one in \(limits.minPing)")
            }
            pong = ping.nonce
            return .none
        case .hello:
            return close(.failedPrecondition, "a second Hello")
        case .response:
            return close(.invalidArgument, "a Response from the side that calls")
        case .data: return unserved("streams (Data)", id)
        case .window: return id == 0 ? .none : unserved("streams (Window)", id)
        case .goaway: return .none
        case nil: return id == 0 ? .none : unserved("this kind of frame", id)
        }
    }

    /// A frame that belongs to a call as this version does not know it: refused by name, once.
    private mutating func unserved(_ what: String, _ id: UInt64) -> Action {
        if id > lastID {
            if case .draining = state { return .none }
            lastID = id
            return refuse(id, .unimplemented(what))
        }
        // Late frames of a call that has ended, for example of a refused stream, say nothing.
        guard id == 0 || calls.slot(of: id) != nil else { return .none }
        return close(.unimplemented, "\(what) on call \(id), which is no stream")
    }

    private mutating func request(
        _ envelope: Envelope, _ frame: UnsafeRawBufferPointer, at now: Moment
    ) throws(WireFault) -> Action {
        let id = envelope.id
        guard id > lastID else {
            return close(
                .invalidArgument, "id \(id) after \(lastID); ids rise and are never used again")
        }
        // The GOAWAY told the peer that calls above its last_id do not run.
        if case .draining = state { return .none }
        lastID = id
        let inbound = try unsafe Frame.Request.read(frame, envelope.range)
        if let refusal = inbound.refusal { return refuse(id, refusal) }
        guard inbound.payload.count <= limits.maxMessage else {
            return refuse(id, .messageTooLarge(inbound.payload.count, limit: limits.maxMessage))
        }
        guard stalledSince == nil else {
            return refuse(id, .overLimit("the answers on this connection are not being read"))
        }
        let budget = inbound.request.timeoutMicroseconds
        let deadline = budget == 0 ? now + limits.defaultTimeout : now.advanced(byBudget: budget)
        guard
            let call = calls.insert(limit: limits.maxCalls, deadline: deadline, id: { _ in id })
        else {
            return refuse(id, .overLimit("\(limits.maxCalls) calls are already running here"))
        }
        return .start(
            Start(
                slot: call.slot, id: id, request: inbound.request, payload: inbound.payload,
                deadline: deadline))
    }

    /// Answers a call that does not run. Such answers are bytes, too: only so many of them wait for a
    /// peer that does not read.
    private mutating func refuse(_ id: UInt64, _ error: RPCError) -> Action {
        if stalledSince != nil {
            refusedWhileStalled += 1
            guard refusedWhileStalled <= Self.mostRefusedWhileStalled else {
                state = .closed
                return .abort
            }
        }
        return .refuse(id: id, error)
    }

    private mutating func close(_ code: RPCCode, _ message: String) -> Action {
        state = .closed
        return .close(Frame.Goaway(lastID: lastID, code: code, message: message))
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
        case .open: if calls.count == 0 { consider(idleSince + limits.idle) }
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
        var actions = calls.takeExpired(at: now).map { Action.cancel(slot: $0.slot) }
        switch state {
        case .closed: break
        case .awaitingHello(let until):
            if until <= now {
                actions.append(
                    close(.deadlineExceeded, "no Hello within \(limits.handshake)"))
            }
        case .open:
            if calls.count == 0, idleSince + limits.idle <= now {
                actions.append(close(.ok, "no call for \(limits.idle)"))
            }
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

extension RPCError {
    /// The call ran, but so much waits for a peer that does not read that its reply was thrown away.
    package static func unread(_ method: RPCMethod) -> RPCError {
        RPCError(
            code: .resourceExhausted,
            message: "the answers on this connection are not being read; this one was thrown away",
            verdict: method.isReadOnly ? .safe : .unknown, retryAfter: .seconds(1))
    }

    /// Too much at once: nothing ran, and soon there is room again.
    package static func overLimit(_ message: String) -> RPCError {
        RPCError(
            code: .resourceExhausted, message: message, verdict: .notExecuted,
            retryAfter: .milliseconds(50))
    }
}

extension Moment {
    /// A time budget as it travels, cut to the longest that is granted.
    func advanced(byBudget microseconds: UInt64) -> Moment {
        advanced(
            byNanoseconds: Int64(min(microseconds, UInt64(CallLimits.longestMicroseconds))) * 1000)
    }
}

extension Frame.Hello {
    /// The largest message that the sender of this Hello takes.
    var mostMessageBytes: Int {
        let message = maxMessage == 0 ? CallLimits.mostMessageBytes : Int(maxMessage)
        // A frame has 64 KiB beside its payload.
        return maxFrame == 0 ? message : min(message, max(0, Int(maxFrame) - 64 << 10))
    }
}
