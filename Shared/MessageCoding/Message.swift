/// A protobuf message as a Swift value.
///
/// What travels are the generated types of `Messages`, and what has the wire form of one of them; transports and
/// services know them by this protocol alone.
public protocol Message: Sendable, Hashable {
    /// Package and name as the `.proto` file has them: `quota.v1.Record`.
    static var fullName: String { get }

    /// The message with every field at its default.
    init()

    /// Packs the message into memory that `reserve` lends.
    ///
    /// `reserve` is called at most once, with the exact size (zero is possible), and must lend at
    /// least as many bytes, valid until this call returns. Bytes beyond the size stay untouched.
    /// - Throws: `tooLarge` over 2 GiB - 1 or when less memory is lent than was asked for, and what
    ///   `reserve` throws.
    func encode(
        reserving reserve: (_ byteCount: Int) throws(MessageFault) -> UnsafeMutableRawBufferPointer
    ) throws(MessageFault)

    /// The packed message in an array of its own.
    /// - Throws: `tooLarge` over 2 GiB - 1.
    func encodedBytes() throws(MessageFault) -> [UInt8]

    /// Reads a message; zero bytes are a valid one. Nothing of `bytes` is kept.
    /// Unknown fields are dropped.
    /// - Throws: `malformed`, `invalidUTF8`, `tooLarge` over 2 GiB - 1, or `overBudget` for bytes that
    ///   would take far more memory than the values of the schema do (at most 32 MiB).
    init(decoding bytes: UnsafeRawBufferPointer) throws(MessageFault)
}

extension Message {
    /// The packed message in an array of its own.
    /// - Throws: `tooLarge` over 2 GiB - 1.
    public func encodedBytes() throws(MessageFault) -> [UInt8] {
        var lent = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
        defer { unsafe lent.deallocate() }
        try unsafe encode { byteCount throws(MessageFault) in
            unsafe lent = .allocate(byteCount: byteCount, alignment: 1)
            return unsafe lent
        }
        return unsafe [UInt8](lent)
    }

    /// Reads a message from an array.
    /// - Throws: as `init(decoding:)` of a buffer.
    public init(decoding bytes: [UInt8]) throws(MessageFault) {
        let decoded: Result<Self, MessageFault> = unsafe bytes.withUnsafeBytes { buffer in
            do throws(MessageFault) {
                return .success(try unsafe Self(decoding: buffer))
            } catch {
                return .failure(error)
            }
        }
        self = try decoded.get()
    }
}
