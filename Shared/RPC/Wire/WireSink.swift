/// Writes fields, or only counts their bytes: one description of a frame's layout serves for both.
/// Fields at their default are left out, as proto3 does.
@safe package struct WireSink {
    private let target: UnsafeMutableRawBufferPointer?
    /// Written or counted so far.
    package private(set) var count = 0

    /// Counts only.
    package static var counting: WireSink { unsafe WireSink(target: nil) }

    /// Writes from the first byte on. A frame that outgrows the memory is a programmer's error.
    package init(into target: UnsafeMutableRawBufferPointer) {
        unsafe self.target = unsafe target
    }

    private init(target: UnsafeMutableRawBufferPointer?) {
        unsafe self.target = unsafe target
    }

    @inline(__always)
    mutating func byte(_ byte: UInt8) {
        if let target = unsafe target {
            precondition(count < target.count)
            unsafe target[count] = byte
        }
        count &+= 1
    }

    @inline(__always)
    mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            byte(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        byte(UInt8(truncatingIfNeeded: value))
    }

    /// The frame's length.
    mutating func bigEndian32(_ value: UInt32) { integer(value.bigEndian) }

    /// The integer's bytes as they lie in memory.
    @inline(__always)
    private mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number) {
        let size = MemoryLayout<Number>.size
        if let target = unsafe target {
            precondition(count <= target.count - size)
            unsafe target.storeBytes(of: value, toByteOffset: count, as: Number.self)
        }
        count &+= size
    }

    @inline(__always)
    mutating func tag(_ field: Int, _ kind: WireReader.Kind) {
        varint(UInt64(field) << 3 | UInt64(kind.rawValue))
    }

    @inline(__always)
    mutating func uint(_ field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        tag(field, .varint)
        varint(value)
    }

    mutating func uint(_ field: Int, _ value: UInt32) { uint(field, UInt64(value)) }

    mutating func flag(_ field: Int, _ value: Bool) { uint(field, UInt64(value ? 1 : 0)) }

    mutating func fixed32(_ field: Int, _ value: UInt32) {
        guard value != 0 else { return }
        tag(field, .fixed32)
        integer(value.littleEndian)
    }

    mutating func fixed64(_ field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        tag(field, .fixed64)
        integer(value.littleEndian)
    }

    /// A bytes or message field.
    package mutating func bytes(_ field: Int, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        tag(field, .bytes)
        varint(UInt64(value.count))
        fields(value)
    }

    /// Fields that are written already.
    package mutating func fields(_ value: [UInt8]) {
        unsafe value.withUnsafeBytes { unsafe raw($0) }
    }

    mutating func trace(_ field: Int, _ trace: TraceContext) {
        tag(field, .bytes)
        varint(UInt64(TraceContext.byteCount))
        integer(trace.high.bigEndian)
        integer(trace.low.bigEndian)
        integer(trace.span.bigEndian)
        integer(trace.flags)
    }

    mutating func text(_ field: Int, _ value: String) {
        guard !value.isEmpty else { return }
        tag(field, .bytes)
        varint(UInt64(value.utf8.count))
        if unsafe target == nil {
            count &+= value.utf8.count
        } else {
            for unit in value.utf8 { byte(unit) }
        }
    }

    /// A pair of a key and bytes, always written.
    mutating func pair(_ field: Int, key: String, value: [UInt8]) {
        var inner = WireSink.counting
        inner.text(1, key)
        inner.bytes(2, value)
        tag(field, .bytes)
        varint(UInt64(inner.count))
        text(1, key)
        bytes(2, value)
    }

    private mutating func raw(_ source: UnsafeRawBufferPointer) {
        if let target = unsafe target {
            precondition(source.count <= target.count - count)
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[count...]).copyMemory(
                from: source)
        }
        count &+= source.count
    }
}
