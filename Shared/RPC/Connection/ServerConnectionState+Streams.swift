extension ServerConnectionState {
    /// A call that was just started streams: Data may go both ways, as its method says.
    package mutating func openStream(_ id: UInt64, slot: Int, receives: Bool) {
        streams.open(id, slot: slot, receives: receives)
    }

    /// Whether a message may be sent now.
    package func outlook(_ id: UInt64) -> SendOutlook {
        if !streams.isOpen(id) {
            .waitsForCall
        } else if !streams.connectionIsOpen || stalledSince != nil {
            .waitsForConnection
        } else {
            .open
        }
    }

    /// A message of the call was handed to the socket, in a frame of that length.
    package mutating func sentData(_ byteCount: Int, of id: UInt64) {
        streams.sent(byteCount, of: id)
    }

    /// The handler took messages that came in `Data`.
    package mutating func consumed(_ byteCount: Int, of id: UInt64) {
        streams.consume(byteCount, of: id)
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
        guard id != 0, id <= lastID || isDraining else {
            return close(.invalidArgument, "Data of call \(id), which was never made")
        }
        guard codec == 0 else {
            return close(.unimplemented, "compression (codec \(codec)) on call \(id)")
        }
        guard payload.count <= limits.maxMessage else {
            return close(
                .resourceExhausted,
                "a message of \(payload.count) bytes is over the limit of \(limits.maxMessage)")
        }
        guard streams.contains(id) || calls.slot(of: id) == nil else {
            return close(.invalidArgument, "Data on call \(id), which is no stream")
        }
        guard data.hasMessage || data.ends else {
            return close(.invalidArgument, "Data of call \(id) without a message that ends nothing")
        }
        let byteCount = data.hasMessage ? frame.count : 0
        switch streams.receive(byteCount, of: id, ends: data.ends) {
        case .deliver(let slot):
            return .data(
                Data(
                    slot: slot, id: id, payload: data.hasMessage ? payload : nil, ends: data.ends,
                    byteCount: byteCount))
        case .drop: return .none
        case .violation(let what): return close(.invalidArgument, what)
        }
    }
}

/// Whether Data may be sent.
package enum SendOutlook: Sendable, Hashable {
    case open
    /// Until the call's window opens.
    case waitsForCall
    /// Until the connection's window opens, or what waits to be sent is sent.
    case waitsForConnection
}
