extension ClientConnectionState {
    /// A call that was just begun streams: Data may go both ways, as its method says.
    package mutating func openStream(_ call: Call, receives: Bool) {
        streams.open(call.id, slot: call.slot, receives: receives)
    }

    /// Whether a message may be sent now.
    package func outlook(_ call: Call) -> SendOutlook {
        if !streams.isOpen(call.id) {
            .waitsForCall
        } else if !streams.connectionIsOpen {
            .waitsForConnection
        } else {
            .open
        }
    }

    /// A message of the call was handed to the socket, in a frame of that length.
    package mutating func sentData(_ byteCount: Int, of call: Call) {
        streams.sent(byteCount, of: call.id)
    }

    /// Somebody took messages that came in `data`.
    package mutating func consumed(_ byteCount: Int, of call: Call) {
        streams.consume(byteCount, of: call.id)
    }

    /// The Windows to send, once.
    package mutating func takeGrants() -> [(id: UInt64, total: UInt64)] {
        if case .closed = state { return [] }
        return streams.takeGrants()
    }

    mutating func data(
        _ envelope: Envelope, _ frame: UnsafeRawBufferPointer
    ) throws(WireFault) -> Action {
        let id = envelope.id
        let (data, payload, codec) = try unsafe Frame.Data.read(frame, envelope.range)
        guard !id.isMultiple(of: 2), id <= lastID else {
            return close(.invalidArgument, "Data of call \(id), which was never made")
        }
        guard codec == 0 else {
            return close(.unimplemented, "compression (codec \(codec)) on call \(id)")
        }
        guard data.hasMessage, !data.ends else {
            return close(.invalidArgument, "a server's stream ends with its Response, not in Data")
        }
        guard payload.count <= limits.maxMessage else {
            return close(
                .resourceExhausted,
                "a message of \(payload.count) bytes is over the limit of \(limits.maxMessage)")
        }
        guard streams.contains(id) || calls.slot(of: id) == nil else {
            return close(.invalidArgument, "Data on call \(id), which is no stream")
        }
        switch streams.receive(frame.count, of: id, ends: false) {
        case .deliver(let slot):
            return .data(Call(slot: slot, id: id), payload: payload, byteCount: frame.count)
        case .drop: return .none
        case .violation(let what): return close(.invalidArgument, what)
        }
    }

    mutating func window(_ window: Frame.Window, id: UInt64) -> Action {
        if id == 0, window.maxCalls > 0 {
            maxCalls = min(Int(window.maxCalls), ConnectionLimits.mostCalls)
        }
        let resumes = streams.grant(upTo: window.bytes, of: id)
        if id == 0 { return resumes ? .resume(nil) : .freed }
        guard resumes, let slot = calls.slot(of: id) else { return .none }
        return .resume(Call(slot: slot, id: id))
    }
}
