import RPC

/// What is done with an end of a connection, as the fuzzer's bytes say.
struct ConnectionScript {
    enum Step {
        /// Bytes arrive, cut into pieces of this size.
        case bytes([UInt8], pieces: Int)
        /// A whole frame arrives.
        case frame(MadeFrame)
        /// So much time passes.
        case time(nanoseconds: Int64)
        /// Something that only this kind of end does; the number says what.
        case other(UInt8, UInt8)
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next step; nil at the end.
    mutating func next() -> Step? {
        guard let operation = byte() else { return nil }
        let detail = operation >> 3
        switch operation & 7 {
        case 0 where detail == 31: return .bytes(take(Int(byte() ?? 0)), pieces: 3)
        case 0:
            // A frame whose length is right: changes within it leave what follows in its place.
            let body = take(Int(byte() ?? 0) << 8 | Int(byte() ?? 0))
            let length = withUnsafeBytes(of: UInt32(body.count).bigEndian) { [UInt8]($0) }
            return .bytes(length + body, pieces: Int(detail))
        case 1:
            return .frame(
                MadeFrame(kind: detail & 7, number: Int(detail >> 3), size: byte() ?? 0))
        case 2: return .time(nanoseconds: 1 << Int64((byte() ?? 0) % 42))
        default: return .other(operation & 7, detail)
        }
    }

    private mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ most: Int) -> [UInt8] {
        let count = min(most, bytes.count - position)
        defer { position += count }
        return Array(bytes[position..<position + count])
    }
}

/// Cuts what arrived into frames, as the transport does.
struct FrameCutter {
    private var unread: [UInt8] = []
    let maxFrame: Int

    init(maxFrame: Int) { self.maxFrame = maxFrame }

    enum Piece {
        case envelope([UInt8])
        case badLength(Int)
    }

    mutating func append(_ bytes: some Sequence<UInt8>) { unread.append(contentsOf: bytes) }

    mutating func next() -> Piece? {
        switch unread.withUnsafeBytes({ Frame.extent(of: $0, maxFrame: maxFrame) }) {
        case .incomplete:
            check(unread.count < 4 + maxFrame, "\(unread.count) bytes wait for their frame's end")
            return nil
        case .badLength(let length): return .badLength(length)
        case .envelope(let byteCount):
            defer { unread.removeFirst(4 + byteCount) }
            return .envelope(Array(unread[4..<4 + byteCount]))
        }
    }
}

extension ConnectionLimits {
    /// Small enough that a short script meets them.
    static var ofFuzzing: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maxFrame = 2048
        limits.maxMessage = 512
        limits.maxCalls = 4
        limits.cancelBurst = 8
        // A few messages fill them.
        limits.streamWindow = 4096
        limits.connectionWindow = 12_288
        return limits
    }
}

extension Frame.Hello {
    /// The other end's, made of a script's detail.
    init(detail: UInt8) {
        self.init()
        version = Frame.version
        minVersion = Frame.version
        if detail & 1 == 1 {
            streamWindow = 2000
            connectionWindow = 5000
        }
    }
}

/// A frame that an end sends is one that the other end can read.
func checkSent(_ frame: OutboundFrame, id: UInt64 = 0) {
    let bytes = frame.bytes(id: id)
    bytes.withUnsafeBytes { bytes in
        guard case .envelope(bytes.count - 4) = Frame.extent(of: bytes, maxFrame: 64 << 10),
            let envelope = try? Envelope(UnsafeRawBufferPointer(rebasing: bytes[4...]))
        else { finding("what is sent is no frame") }
        check(envelope.id == id, "what is sent has another id")
    }
}
