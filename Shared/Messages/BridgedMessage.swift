import CProtobufC
import MessageCoding

/// What the generated bridge gives each message type. C types do not leave this module, and C
/// pointers do not leave a call.
protocol BridgedMessage: Message {
    /// The struct that protoc-c made.
    associatedtype CValue

    /// Writes every field into the C struct; what it points to lies in the arena.
    func fill(_ c: UnsafeMutablePointer<CValue>, _ arena: inout Arena)

    /// Copies every field out of the C struct.
    init(bridging c: UnsafeMutablePointer<CValue>) throws(MessageFault)
}

/// The memory that libprotobuf-c may take to read a message.
///
/// What the platform sends takes up to 4 bytes per byte. Empty submessages take about 70, unknown
/// fields about 50: some are fine, a message full of them is not. There is no limit of depth to
/// watch: the generator refuses recursive types, so the schema bounds it.
enum DecodingBudget {
    static let perByte = 16
    static let always = 256 << 10
    static let most = 32 << 20

    /// - Parameter byteCount: at most `mostMessageBytes`.
    static func bytes(for byteCount: Int) -> Int { min(most, byteCount * perByte + always) }
}

/// Lengths within a message are 32 bits, and other implementations refuse more than this.
let mostMessageBytes = Int(Int32.max)

typealias PackedSize<CValue> = (UnsafePointer<CValue>?) -> Int
typealias Pack<CValue> = (UnsafePointer<CValue>?, UnsafeMutablePointer<UInt8>?) -> Int
typealias Unpack<CValue> = (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?)
    -> UnsafeMutablePointer<CValue>?

@inline(__always)
func decodeBridged<M: BridgedMessage>(
    _ bytes: UnsafeRawBufferPointer, _ unpack: Unpack<M.CValue>
) throws(MessageFault) -> M {
    guard unsafe !bytes.isEmpty else { return M() }
    try checkSize(bytes.count, M.fullName)
    var arena = Arena(
        blockSize: min(max(bytes.count * 2, Arena.handyBlockSize), 1 << 16),
        budget: DecodingBudget.bytes(for: bytes.count))
    return try unsafe withUnsafeMutablePointer(to: &arena) { arena throws(MessageFault) in
        var allocator = unsafe ProtobufCAllocator(
            alloc: arenaAllocate, free: arenaFree, allocator_data: arena)
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard let c = unsafe unpack(&allocator, bytes.count, start) else {
            throw unsafe unpackFault(
                M.fullName, bytes.count, isExhausted: arena.pointee.isExhausted)
        }
        return try unsafe M(bridging: c)
    }
}

private func unpackFault(_ type: String, _ byteCount: Int, isExhausted: Bool) -> MessageFault {
    if isExhausted {
        MessageFault(
            .overBudget,
            "\(byteCount) bytes of a \(type) need over \(DecodingBudget.bytes(for: byteCount)) to read"
        )
    } else {
        MessageFault(.malformed, "\(byteCount) bytes are no \(type)")
    }
}

@inline(__always)
func encodeBridged<M: BridgedMessage>(
    _ message: M, _ packedSize: PackedSize<M.CValue>, _ pack: Pack<M.CValue>,
    _ reserve: (_ byteCount: Int) throws(MessageFault) -> UnsafeMutableRawBufferPointer
) throws(MessageFault) {
    var arena = Arena(blockSize: Arena.handyBlockSize, budget: .max)
    let c = unsafe arena.room(for: M.CValue.self)
    unsafe message.fill(c, &arena)
    let size = unsafe packedSize(c)
    try checkSize(size, M.fullName)
    let target = try unsafe reserve(size)
    // libprotobuf-c packs without looking at bounds.
    guard target.count >= size else {
        throw MessageFault(
            .tooLarge, "a \(M.fullName) of \(size) bytes does not fit into \(target.count)")
    }
    guard size > 0 else { return }
    let written = unsafe pack(c, target.baseAddress?.assumingMemoryBound(to: UInt8.self))
    precondition(written == size, "libprotobuf-c packed another size than it said")
    extendLifetime(arena)
}

@inline(__always)
func encodedBytesBridged<M: BridgedMessage>(
    _ message: M, _ packedSize: PackedSize<M.CValue>, _ pack: Pack<M.CValue>
) throws(MessageFault) -> [UInt8] {
    var arena = Arena(blockSize: Arena.handyBlockSize, budget: .max)
    let c = unsafe arena.room(for: M.CValue.self)
    unsafe message.fill(c, &arena)
    let size = unsafe packedSize(c)
    try checkSize(size, M.fullName)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        count = unsafe size == 0 ? 0 : pack(c, buffer.baseAddress)
    }
    extendLifetime(arena)
    return bytes
}

func checkSize(_ size: Int, _ type: String) throws(MessageFault) {
    guard size <= mostMessageBytes else {
        throw MessageFault(
            .tooLarge, "a \(type) of \(size) bytes is over the limit of \(mostMessageBytes)")
    }
}
