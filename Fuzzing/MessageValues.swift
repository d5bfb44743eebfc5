import MessageCoding
import Messages

/// The bridge of every message type: the first byte says which; the others are a value or a fault,
/// and a value survives being packed.
func fuzzMessage(_ bytes: UnsafeRawBufferPointer) -> CInt {
    guard let first = bytes.first else { return 0 }
    // Types of which there are more than a byte counts are chosen by two.
    let skipped = allMessages.count > 256 ? min(2, bytes.count) : 1
    let index = skipped == 2 ? Int(first) << 8 | Int(bytes[1]) : Int(first)
    let type: any RandomMessage.Type = allMessages[index % allMessages.count]
    roundTrip(type, UnsafeRawBufferPointer(rebasing: bytes[skipped...]))
    return 0
}

private func roundTrip<M: Message>(_ type: M.Type, _ bytes: UnsafeRawBufferPointer) {
    guard let value = try? M(decoding: bytes) else { return }
    guard let written = try? value.encodedBytes() else {
        finding("a \(M.fullName) that was read cannot be packed")
    }
    guard let again = try? M(decoding: written) else {
        finding("a \(M.fullName) that was packed cannot be read")
    }
    // Bytes, not values: a NaN equals nothing.
    check((try? again.encodedBytes()) == written, "a \(M.fullName) changes when it is packed")
}
