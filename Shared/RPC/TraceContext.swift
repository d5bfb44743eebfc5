import Synchronization

/// W3C trace context: which trace and span a call belongs to.
///
/// A call that is made for another one belongs to its trace; any other begins one. Each call has a span
/// id of its own.
public struct TraceContext: Sendable, Hashable {
    let high: UInt64
    let low: UInt64
    let span: UInt64
    let flags: UInt8

    /// 16 bytes trace id, 8 bytes span id, 1 byte flags.
    public static let byteCount = 25
    private static let sampled: UInt8 = 1

    /// Nil unless there are 25 bytes.
    public init?(_ bytes: [UInt8]) {
        guard let trace = unsafe bytes.withUnsafeBytes({ unsafe TraceContext($0) }) else {
            return nil
        }
        self = trace
    }

    /// Nil unless there are 25 bytes.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        func number(at start: Int) -> UInt64 {
            UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        }
        self.init(
            high: number(at: 0), low: number(at: 8), span: number(at: 16), flags: unsafe bytes[24])
    }

    private init(high: UInt64, low: UInt64, span: UInt64, flags: UInt8) {
        self.high = high
        self.low = low
        self.span = span
        self.flags = flags
    }

    /// Begins a trace.
    /// - Parameter isSampled: asks every service for a line in its log about each call of the trace.
    public static func start(isSampled: Bool = false) -> TraceContext {
        TraceContext(
            high: TraceNumbers.next(), low: TraceNumbers.next(), span: TraceNumbers.next(),
            flags: isSampled ? sampled : 0)
    }

    /// The same trace with a span of its own, for a call that is made on behalf of this one.
    package func child() -> TraceContext {
        TraceContext(high: high, low: low, span: TraceNumbers.next(), flags: flags)
    }

    /// Whether every service is asked for a line in its log about each call of the trace.
    public var isSampled: Bool { flags & Self.sampled != 0 }

    /// 32 hexadecimal digits: what all calls of the trace have in common.
    public var traceID: String { hex(high) + hex(low) }

    /// As it travels.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for number in [high, low, span] {
            unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        }
        bytes.append(flags)
        return bytes
    }

    private func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Ids of traces and spans. They must differ, not be unguessable: a counter from a random start, mixed
/// (SplitMix64), costs a fraction of the system's random numbers.
private enum TraceNumbers {
    private static let counter = Atomic<UInt64>(UInt64.random(in: 0...UInt64.max))

    /// Never 0, which W3C leaves out.
    static func next() -> UInt64 {
        var z = counter.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return max(1, z ^ (z >> 31))
    }
}
