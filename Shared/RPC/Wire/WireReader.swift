/// Why bytes are no envelope. The connection that they came on is closed with it.
package enum WireFault: Error, Sendable, Hashable {
    /// The bytes end within a field.
    case truncated
    /// A number takes more than ten bytes.
    case overlongNumber
    /// A field's number is zero or too large, or its wire type is none that version 1 knows.
    case badTag
    /// A known field has another type.
    case wrongType(field: Int)
    /// More fields than any envelope needs.
    case tooManyFields
    /// An envelope without a body, or with two.
    case notOneBody
    /// Text that is no UTF-8, or longer than it may be.
    case badText(field: Int)
}

extension WireFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated: "it ends within a field"
        case .overlongNumber: "a number takes more than ten bytes"
        case .badTag: "a field's tag is not valid"
        case .wrongType(let field): "field \(field) has the wrong type"
        case .tooManyFields: "it has more than \(WireReader.mostFields) fields"
        case .notOneBody: "it does not have exactly one body"
        case .badText(let field): "field \(field) is too long or no UTF-8"
        }
    }
}

/// Reads the fields of one message within a frame, without copying and without allocating.
/// Positions and ranges count from the frame's first byte.
@safe package struct WireReader {
    /// More fields in one message than this are refused: unknown ones are skipped, but not for ever.
    static let mostFields = 1024

    /// How a field is written.
    package enum Kind: UInt8, Sendable {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    private let frame: UnsafeRawBufferPointer
    private var position: Int
    private let end: Int
    private var fieldsLeft = mostFields

    /// - Parameter range: lies within the frame.
    package init(_ frame: UnsafeRawBufferPointer, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= frame.count)
        unsafe self.frame = unsafe frame
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field's number and kind; nil at the end.
    @inline(__always)
    package mutating func nextField() throws(WireFault) -> (number: Int, kind: Kind)? {
        guard position < end else { return nil }
        guard fieldsLeft > 0 else { throw .tooManyFields }
        fieldsLeft &-= 1
        let tag = try varint()
        guard tag >= 8, tag <= UInt64(UInt32.max),
            let kind = Kind(rawValue: UInt8(truncatingIfNeeded: tag & 7))
        else { throw .badTag }
        return (Int(truncatingIfNeeded: tag >> 3), kind)
    }

    @inline(__always)
    mutating func varint() throws(WireFault) -> UInt64 {
        guard position < end else { throw .truncated }
        let first = unsafe frame[position]
        position &+= 1
        return first < 0x80 ? UInt64(first) : try longVarint(first)
    }

    private mutating func longVarint(_ first: UInt8) throws(WireFault) -> UInt64 {
        var value = UInt64(first & 0x7f)
        var shift: UInt64 = 7
        while position < end {
            let byte = unsafe frame[position]
            position &+= 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift &+= 7
            guard shift < 70 else { throw .overlongNumber }
        }
        throw .truncated
    }

    /// A varint of a 32-bit field: like everywhere, the upper bits are cut off.
    mutating func uint32(_ field: (number: Int, kind: Kind)) throws(WireFault) -> UInt32 {
        UInt32(truncatingIfNeeded: try uint64(field))
    }

    /// A number. Throws `wrongType` for another kind of field.
    package mutating func uint64(_ field: (number: Int, kind: Kind)) throws(WireFault) -> UInt64 {
        guard field.kind == .varint else { throw .wrongType(field: field.number) }
        return try varint()
    }

    mutating func fixed32(_ field: (number: Int, kind: Kind)) throws(WireFault) -> UInt32 {
        guard field.kind == .fixed32 else { throw .wrongType(field: field.number) }
        guard end &- position >= 4 else { throw .truncated }
        defer { position &+= 4 }
        return UInt32(
            littleEndian: unsafe frame.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    mutating func fixed64(_ field: (number: Int, kind: Kind)) throws(WireFault) -> UInt64 {
        guard field.kind == .fixed64 else { throw .wrongType(field: field.number) }
        guard end &- position >= 8 else { throw .truncated }
        defer { position &+= 8 }
        return UInt64(
            littleEndian: unsafe frame.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// Where the bytes of a bytes, text or message field lie.
    package mutating func range(_ field: (number: Int, kind: Kind)) throws(WireFault) -> Range<Int>
    {
        guard field.kind == .bytes else { throw .wrongType(field: field.number) }
        let count = try varint()
        guard count <= UInt64(end &- position) else { throw .truncated }
        let start = position
        position &+= Int(count)
        return start..<position
    }

    /// A copy of a bytes, text or message field.
    package mutating func bytes(_ field: (number: Int, kind: Kind)) throws(WireFault) -> [UInt8] {
        let range = try range(field)
        return unsafe [UInt8](frame[range])
    }

    /// A text field.
    /// - Parameter most: in bytes; longer text is a fault.
    package mutating func text(
        _ field: (number: Int, kind: Kind), most: Int
    ) throws(WireFault) -> String {
        let range = try range(field)
        guard range.count <= most,
            let text = unsafe String(validating: frame[range], as: UTF8.self)
        else { throw .badText(field: field.number) }
        return text
    }

    /// Passes over a field that this version does not know.
    package mutating func skip(_ field: (number: Int, kind: Kind)) throws(WireFault) {
        switch field.kind {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64(field)
        case .bytes: _ = try range(field)
        case .fixed32: _ = try fixed32(field)
        }
    }
}
