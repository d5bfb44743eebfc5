import RPC

/// The streams of a fuzzed end: what each got and did not take yet, and what was granted.
struct StreamBook {
    /// Bytes of Data that were delivered and not taken, by the calls' ids.
    private var untaken: [UInt64: Int] = [:]
    private var granted: [UInt64: UInt64] = [:]
    private let limits: ConnectionLimits

    init(_ limits: ConnectionLimits) { self.limits = limits }

    mutating func open(_ id: UInt64) {
        check(untaken[id] == nil, "call \(id) streams twice")
        untaken[id] = 0
    }

    mutating func close(_ id: UInt64) { untaken[id] = nil }

    /// The last frame of a window may be larger than what is left of it.
    mutating func received(_ byteCount: Int, of id: UInt64) {
        guard let before = untaken[id] else { finding("Data is delivered to no stream") }
        untaken[id] = before + byteCount
        check(before < limits.streamWindow, "more Data waits than a stream's window")
        let sum = untaken.values.reduce(0, +) - byteCount
        check(sum < limits.connectionWindow, "more Data waits than the connection's window")
    }

    /// The open streams, in their order.
    var ids: [UInt64] { untaken.keys.sorted() }

    /// Somebody takes all that the call has.
    mutating func take(_ id: UInt64) -> Int {
        guard let byteCount = untaken[id] else { return 0 }
        untaken[id] = 0
        return byteCount
    }

    /// A grant is an absolute total: it rises.
    mutating func grants(_ total: UInt64, to id: UInt64) {
        let first = id == 0 ? limits.connectionWindow : limits.streamWindow
        check(total > granted[id] ?? UInt64(first), "a grant to \(id) takes something back")
        granted[id] = total
        checkSent(.window(Frame.Window(bytes: total)), id: id)
    }
}

/// What a script does with streams, by the detail of its operation 6.
enum StreamStep {
    /// Nothing with streams: the pong and the grants are taken.
    case flush
    /// Somebody takes what the stream of this number has.
    case take(Int)
    /// A message goes out on the stream of this number.
    case send(Int)
    /// The latest frame comes so many times more.
    case again(Int)

    init(_ detail: UInt8) {
        let number = Int(detail & 7)
        switch detail >> 3 {
        case 0: self = .flush
        case 1: self = .take(number)
        case 2: self = .send(number)
        default: self = .again(1 << number)
        }
    }
}
