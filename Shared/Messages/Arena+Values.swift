import CProtobufC

/// Swift values copied into C's shapes.
extension Arena {
    @inline(__always)
    mutating func text(_ value: String) -> ProtobufCBinaryData {
        let utf8 = value.utf8
        let count = utf8.count
        guard count > 0 else { return unsafe ProtobufCBinaryData() }
        let target = unsafe room(for: UInt8.self, count)
        // Strings of Swift lie in one piece; a foreign one is copied byte by byte.
        let wasCopied: Void? = unsafe utf8.withContiguousStorageIfAvailable { source in
            if let start = source.baseAddress {
                unsafe target.initialize(from: start, count: count)
            }
        }
        if wasCopied == nil {
            for (index, byte) in utf8.enumerated() { unsafe target[index] = byte }
        }
        return unsafe ProtobufCBinaryData(len: count, data: target)
    }

    @inline(__always)
    mutating func bytes(_ value: [UInt8]) -> ProtobufCBinaryData {
        guard !value.isEmpty else { return unsafe ProtobufCBinaryData() }
        let target = unsafe room(for: UInt8.self, value.count)
        unsafe value.withUnsafeBufferPointer { source in
            if let start = source.baseAddress {
                unsafe target.initialize(from: start, count: source.count)
            }
        }
        return unsafe ProtobufCBinaryData(len: value.count, data: target)
    }

    @inline(__always)
    mutating func message<M: BridgedMessage>(_ value: M) -> UnsafeMutablePointer<M.CValue> {
        let c = unsafe room(for: M.CValue.self)
        unsafe value.fill(c, &self)
        return unsafe c
    }

    @inline(__always)
    mutating func messages<M: BridgedMessage>(
        _ values: [M]
    ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<M.CValue>?>?) {
        guard !values.isEmpty else { return (0, nil) }
        let list = unsafe room(for: UnsafeMutablePointer<M.CValue>?.self, values.count)
        let cs = unsafe room(for: M.CValue.self, values.count)
        for index in values.indices {
            unsafe values[index].fill(cs + index, &self)
            unsafe (list + index).initialize(to: cs + index)
        }
        return unsafe (values.count, list)
    }

    mutating func texts(_ values: [String]) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
        guard !values.isEmpty else { return (0, nil) }
        let list = unsafe room(for: ProtobufCBinaryData.self, values.count)
        for index in values.indices { unsafe (list + index).initialize(to: text(values[index])) }
        return unsafe (values.count, list)
    }

    mutating func bytes(_ values: [[UInt8]]) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
        guard !values.isEmpty else { return (0, nil) }
        let list = unsafe room(for: ProtobufCBinaryData.self, values.count)
        for index in values.indices { unsafe (list + index).initialize(to: bytes(values[index])) }
        return unsafe (values.count, list)
    }

    mutating func numbers<Number: BitwiseCopyable>(
        _ values: [Number]
    ) -> (Int, UnsafeMutablePointer<Number>?) {
        guard !values.isEmpty else { return (0, nil) }
        let list = unsafe room(for: Number.self, values.count)
        for index in values.indices { unsafe (list + index).initialize(to: values[index]) }
        return unsafe (values.count, list)
    }

    mutating func booleans(_ values: [Bool]) -> (Int, UnsafeMutablePointer<protobuf_c_boolean>?) {
        unsafe numbers(values.map { $0 ? 1 : 0 })
    }

    mutating func enums<Value: RawRepresentable>(
        _ values: [Value]
    ) -> (Int, UnsafeMutablePointer<Int32>?) where Value.RawValue == Int32 {
        unsafe numbers(values.map(\.rawValue))
    }
}
