/// The streams of one connection and their flow control, the same on both ends. A Data frame counts
/// with its length, for its call and for the connection; one that only says that the messages end
/// counts nothing.
struct StreamTable: Sendable {
    private struct Stream {
        let slot: Int
        var out: SendWindow
        var into: ReceiveWindow
        /// Whether the other side may still send messages.
        var receives: Bool
        /// What still comes is thrown away: nobody waits for it.
        var isAbandoned = false
    }

    /// What becomes of a Data frame.
    enum Reception: Hashable {
        case deliver(slot: Int)
        /// The call has ended or was cancelled.
        case drop
        case violation(String)
    }

    private let streamWindow: Int
    /// What a new stream may send before it is granted more.
    private var first = SendWindow(ConnectionLimits.defaultStreamWindow)
    private var streams: [UInt64: Stream] = [:]
    private var out: SendWindow
    private var into: ReceiveWindow
    /// Streams of which something was consumed since the last grants.
    private var consumed: Set<UInt64> = []

    init(_ limits: ConnectionLimits) {
        streamWindow = limits.streamWindow
        out = SendWindow(ConnectionLimits.defaultConnectionWindow)
        into = ReceiveWindow(limits.connectionWindow)
    }

    /// The other side's Hello names its windows; 0 = the defaults.
    mutating func greeted(_ hello: Frame.Hello) {
        if hello.streamWindow > 0 {
            first.begin(with: hello.streamWindow)
            // Calls that did not wait for the Hello.
            for id in streams.keys { streams[id]?.out.begin(with: hello.streamWindow) }
        }
        if hello.connectionWindow > 0 { out.begin(with: hello.connectionWindow) }
    }

    /// A streaming call begins.
    /// - Parameter receives: whether the other side sends more than one message.
    mutating func open(_ id: UInt64, slot: Int, receives: Bool) {
        streams[id] = Stream(
            slot: slot, out: first, into: ReceiveWindow(streamWindow),
            receives: receives)
    }

    /// Whether the call streams and has not ended.
    func contains(_ id: UInt64) -> Bool { streams[id] != nil }

    /// The call has ended: what nobody took any more is granted back to the connection.
    mutating func close(_ id: UInt64) {
        // Most calls do not stream.
        guard !streams.isEmpty, let stream = streams.removeValue(forKey: id) else { return }
        into.consume(stream.into.unconsumed)
        consumed.remove(id)
    }

    /// The calls of these ids have ended.
    mutating func closeAll(where isClosing: (UInt64) -> Bool) {
        for id in streams.keys.filter(isClosing) { close(id) }
    }

    /// Nobody waits for further messages of the call, although it has not ended.
    mutating func abandon(_ id: UInt64) {
        guard let unconsumed = streams[id]?.into.unconsumed else { return }
        streams[id]?.isAbandoned = true
        streams[id]?.into.consume(unconsumed)
        into.consume(unconsumed)
    }

    /// A Data frame came; a call that is not known here has ended.
    /// - Parameters:
    ///   - byteCount: 0 when there is no message.
    ///   - ends: it is the last one.
    mutating func receive(_ byteCount: Int, of id: UInt64, ends: Bool) -> Reception {
        guard byteCount == 0 || into.receive(byteCount) else {
            return .violation("more Data than the connection's window")
        }
        guard var stream = streams[id] else {
            into.consume(byteCount)
            return .drop
        }
        guard stream.receives else {
            return .violation("Data on call \(id), which takes none or no more")
        }
        guard byteCount == 0 || stream.into.receive(byteCount) else {
            return .violation("more Data than the window of call \(id)")
        }
        if ends { stream.receives = false }
        if stream.isAbandoned {
            stream.into.consume(byteCount)
            into.consume(byteCount)
        }
        streams[id] = stream
        return stream.isAbandoned ? .drop : .deliver(slot: stream.slot)
    }

    /// Messages of the call were taken by whom they were for.
    mutating func consume(_ byteCount: Int, of id: UInt64) {
        // What a call had left was granted back when it ended.
        guard let stream = streams[id], !stream.isAbandoned else { return }
        let count = min(byteCount, stream.into.unconsumed)
        streams[id]?.into.consume(count)
        into.consume(count)
        consumed.insert(id)
    }

    /// Whether the connection's window lets a Data frame pass, of whatever call.
    var connectionIsOpen: Bool { out.isOpen }

    /// Whether the call's window lets a Data frame pass; false when the call has ended.
    func isOpen(_ id: UInt64) -> Bool { streams[id]?.out.isOpen ?? false }

    /// A Data frame was handed to the socket.
    mutating func sent(_ byteCount: Int, of id: UInt64) {
        out.send(byteCount)
        streams[id]?.out.send(byteCount)
    }

    /// A Window frame came.
    /// - Parameter id: 0 = the connection.
    /// - Returns: whether somebody may go on sending.
    mutating func grant(upTo total: UInt64, of id: UInt64) -> Bool {
        id == 0 ? out.grant(upTo: total) : streams[id]?.out.grant(upTo: total) ?? false
    }

    /// The grants that are worth a frame now, once.
    mutating func takeGrants() -> [(id: UInt64, total: UInt64)] {
        var grants: [(id: UInt64, total: UInt64)] = []
        if let total = into.takeGrant() { grants.append((0, total)) }
        guard !consumed.isEmpty else { return grants }
        for id in consumed {
            // After the last message nobody needs a grant.
            guard streams[id]?.receives == true else { continue }
            if let total = streams[id]?.into.takeGrant() { grants.append((id, total)) }
        }
        consumed.removeAll(keepingCapacity: true)
        return grants
    }
}
