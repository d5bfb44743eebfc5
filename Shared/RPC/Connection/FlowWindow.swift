/// How much of Data may still be sent: absolute totals, so that a grant that comes twice changes nothing.
struct SendWindow: Sendable {
    /// What the other side allows, since the beginning.
    private var granted: UInt64
    /// What was sent, since the beginning.
    private var sent: UInt64 = 0

    init(_ granted: Int) { self.granted = UInt64(granted) }

    /// What the other side's Hello says; nothing may have been sent before it but what every side takes.
    mutating func begin(with total: UInt32) {
        granted = sent == 0 ? UInt64(total) : max(granted, UInt64(total))
    }

    /// Whether another frame may be sent. The last one may be larger than what is left, so that a
    /// message that is larger than the window passes.
    var isOpen: Bool { sent < granted }

    mutating func send(_ byteCount: Int) { sent &+= UInt64(byteCount) }

    /// - Returns: whether this opened the window.
    mutating func grant(upTo total: UInt64) -> Bool {
        let before = isOpen
        granted = max(granted, total)
        return !before && isOpen
    }
}

/// How much of Data the other side may still send.
struct ReceiveWindow: Sendable {
    private let size: UInt64
    private var received: UInt64 = 0
    private var consumed: UInt64 = 0
    private var granted: UInt64

    init(_ size: Int) {
        self.size = UInt64(size)
        granted = self.size
    }

    /// What came and was not consumed.
    var unconsumed: Int { Int(clamping: received &- consumed) }

    /// Counts a frame. False: it was sent although the window was closed.
    mutating func receive(_ byteCount: Int) -> Bool {
        guard received < granted else { return false }
        received &+= UInt64(byteCount)
        return true
    }

    /// Whoever the bytes were for has taken them, or nobody wants them.
    mutating func consume(_ byteCount: Int) {
        consumed = min(received, consumed &+ UInt64(byteCount))
    }

    /// The total to tell the other side, when it is worth a frame: at least half a window more than it knows.
    mutating func takeGrant() -> UInt64? {
        let total = consumed &+ size
        guard total &- granted >= max(1, size / 2) else { return nil }
        granted = total
        return total
    }
}
