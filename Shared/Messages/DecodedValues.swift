import CProtobufC
import MessageCoding

// C's shapes copied into Swift values.

@inline(__always)
func decodedText(_ c: ProtobufCBinaryData) throws(MessageFault) -> String {
    guard unsafe c.len > 0 else { return "" }
    let bytes = unsafe UnsafeBufferPointer(start: c.data, count: c.len)
    do {
        return unsafe String(copying: try UTF8Span(validating: bytes.span))
    } catch {
        throw invalidUTF8
    }
}

/// The library does not check strings, so the bridge does.
private let invalidUTF8 = MessageFault(.invalidUTF8, "a string of the message is no UTF-8")

@inline(__always)
func decodedBytes(_ c: ProtobufCBinaryData) -> [UInt8] {
    unsafe c.len == 0 ? [] : [UInt8](UnsafeBufferPointer(start: c.data, count: c.len))
}

@inline(__always)
func decodedMessage<M: BridgedMessage>(
    _ c: UnsafeMutablePointer<M.CValue>?
) throws(MessageFault) -> M? {
    guard let c = unsafe c else { return nil }
    return try unsafe M(bridging: c)
}

@inline(__always)
func decodedMessages<M: BridgedMessage>(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<M.CValue>?>?, _ count: Int
) throws(MessageFault) -> [M] {
    var values: [M] = []
    values.reserveCapacity(count)
    for index in 0..<count {
        // The library sets every pointer of a list.
        if let c = unsafe list?[index] { values.append(try unsafe M(bridging: c)) }
    }
    return values
}

func decodedTexts(
    _ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int
) throws(MessageFault) -> [String] {
    var values: [String] = []
    values.reserveCapacity(count)
    for index in 0..<count {
        if let c = unsafe list?[index] { values.append(try unsafe decodedText(c)) }
    }
    return values
}

func decodedByteArrays(
    _ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int
) -> [[UInt8]] {
    unsafe UnsafeBufferPointer(start: list, count: count).map { unsafe decodedBytes($0) }
}

func decodedNumbers<Number: BitwiseCopyable>(
    _ list: UnsafeMutablePointer<Number>?, _ count: Int
) -> [Number] {
    unsafe Array(UnsafeBufferPointer(start: list, count: count))
}

func decodedBooleans(_ list: UnsafeMutablePointer<protobuf_c_boolean>?, _ count: Int) -> [Bool] {
    unsafe UnsafeBufferPointer(start: list, count: count).map { $0 != 0 }
}

func decodedEnums<Value: RawRepresentable>(
    _ list: UnsafeMutablePointer<Int32>?, _ count: Int
) -> [Value] where Value.RawValue == Int32 {
    unsafe UnsafeBufferPointer(start: list, count: count).compactMap { Value(rawValue: $0) }
}
