extension ServerConnectionState {
    mutating func greet(_ hello: Frame.Hello) -> Action {
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
        if !peer.isAuthenticated { idle = min(limits.idle, limits.strangersIdle) }
        maxFrame = limits.maxFrame
        mostReplyBytes = min(limits.maxMessage, hello.mostMessageBytes)
        streams.greeted(hello)
        var answer = Frame.Hello()
        answer.version = Frame.version
        answer.minVersion = Frame.version
        answer.maxFrame = UInt32(clamping: limits.maxFrame)
        answer.maxMessage = UInt32(clamping: limits.maxMessage)
        answer.maxCalls = UInt32(clamping: limits.maxCalls)
        answer.streamWindow = UInt32(clamping: limits.streamWindow)
        answer.connectionWindow = UInt32(clamping: limits.connectionWindow)
        answer.minPingMilliseconds = UInt32(clamping: limits.minPing.wholeMilliseconds)
        answer.peer = peerName
        return .hello(answer, peer)
    }

    mutating func handle(
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
            guard id != 0, id <= lastID else {
                // The call came after the GOAWAY, which its sender had not seen yet.
                if isDraining, id != 0 { return .none }
                return close(.invalidArgument, "a Cancel of call \(id), which was never made")
            }
            // Those of running calls are bounded by the calls.
            guard let slot = calls.slot(of: id), calls[slot]?.isCancelled == false else {
                return cancels.take(at: now)
                    ? .none
                    : close(.resourceExhausted, "more cancels than this connection may send")
            }
            calls.markCancelled(slot)
            streams.abandon(id)
            return .cancel(slot: slot)
        case .ping:
            let ping = try unsafe Frame.Ping(frame, envelope.range)
            guard !ping.isAcknowledgement else {
                guard case .advised(_, let until) = state, ping.nonce == Self.adviceNonce else {
                    return .none
                }
                return endDraining(until: until)
            }
            guard pings.take(at: now) else {
                return close(.resourceExhausted, "pings faster than one in \(limits.minPing)")
            }
            pong = ping.nonce
            return .none
        case .hello:
            return close(.failedPrecondition, "a second Hello")
        case .response:
            return close(.invalidArgument, "a Response from the side that calls")
        case .data: return try unsafe data(envelope, frame)
        case .window:
            guard id <= lastID || isDraining else {
                return close(.invalidArgument, "a Window of call \(id), which was never made")
            }
            let window = try unsafe Frame.Window(frame, envelope.range)
            return streams.grant(upTo: window.bytes, of: id) ? .resume(id: id) : .none
        case .goaway: return .none
        case nil: return id == 0 ? .none : unserved("this kind of frame", id)
        }
    }

    /// A frame that belongs to a call as this version does not know it: refused by name, once.
    private mutating func unserved(_ what: String, _ id: UInt64) -> Action {
        if id > lastID {
            if isDraining { return .none }
            lastID = id
            return refuse(id, .unimplemented(what))
        }
        // Late frames of a call that has ended, for example of a refused stream, say nothing.
        guard id == 0 || calls.slot(of: id) != nil else { return .none }
        return close(.unimplemented, "\(what) on call \(id), which is no stream")
    }

    var isDraining: Bool {
        if case .draining = state { true } else { false }
    }

    private mutating func request(
        _ envelope: Envelope, _ frame: UnsafeRawBufferPointer, at now: Moment
    ) throws(WireFault) -> Action {
        let id = envelope.id
        guard id > lastID else {
            return close(
                .invalidArgument, "id \(id) after \(lastID); ids rise and are never used again")
        }
        // The final GOAWAY told the peer that calls above its last_id do not run.
        if isDraining { return .none }
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
        guard let slot = calls.insert(id, limit: limits.maxCalls, deadline: deadline) else {
            return refuse(id, .overLimit("\(limits.maxCalls) calls are already running here"))
        }
        return .start(
            Start(
                slot: slot, id: id, request: inbound.request, payload: inbound.payload,
                deadline: deadline))
    }

    /// Answers a call that does not run. Such answers are bytes, too: only so many of them wait for a
    /// peer that does not read.
    mutating func refuse(_ id: UInt64, _ error: RPCError) -> Action {
        if stalledSince != nil {
            refusedWhileStalled += 1
            guard refusedWhileStalled <= Self.mostRefusedWhileStalled else {
                state = .closed
                return .abort
            }
        }
        return .refuse(id: id, error)
    }

    mutating func close(_ code: RPCCode, _ message: String) -> Action {
        state = .closed
        return .close(Frame.Goaway(lastID: lastID, code: code, message: message))
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
        // A frame has 64 KiB beside its payload; a small one half of it.
        let frame = Int(maxFrame)
        return frame == 0 ? message : min(message, frame - min(64 << 10, frame / 2))
    }
}
