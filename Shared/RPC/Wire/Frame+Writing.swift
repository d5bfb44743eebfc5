/// A frame to be sent. Its payload, if it has one, is packed in place behind the prefix.
package enum OutboundFrame: Sendable {
    case hello(Frame.Hello)
    case request(Frame.Request)
    case response(Frame.Response)
    case data(Frame.Data)
    case window(Frame.Window)
    case cancel
    case ping(Frame.Ping)
    case goaway(Frame.Goaway)

    /// The sizes of a frame, known before its first byte is written.
    package struct Layout: Sendable, Hashable {
        let fieldsByteCount: Int
        let bodyByteCount: Int
        let envelopeByteCount: Int
        /// Bytes before the payload, the frame's length included.
        package let prefixByteCount: Int
        package let payloadByteCount: Int
        /// All bytes on the wire.
        package var byteCount: Int { prefixByteCount + payloadByteCount }
    }

    /// - Parameter payloadByteCount: 0 for frames without a payload.
    package func layout(id: UInt64, payloadByteCount: Int = 0) -> Layout {
        var fields = WireSink.counting
        writeFields(to: &fields)
        var payload = WireSink.counting
        if payloadByteCount > 0 { Self.writePayloadHead(payloadByteCount, to: &payload) }
        let body = fields.count + payload.count + payloadByteCount
        var head = WireSink.counting
        writeHead(id: id, bodyByteCount: body, to: &head)
        return Layout(
            fieldsByteCount: fields.count, bodyByteCount: body,
            envelopeByteCount: head.count + body,
            prefixByteCount: 4 + head.count + fields.count + payload.count,
            payloadByteCount: payloadByteCount)
    }

    /// Writes everything before the payload.
    /// - Parameter target: at least `layout.prefixByteCount` bytes.
    package func writePrefix(
        id: UInt64, layout: Layout, into target: UnsafeMutableRawBufferPointer
    ) {
        var sink = unsafe WireSink(into: target)
        sink.bigEndian32(UInt32(clamping: layout.envelopeByteCount))
        writeHead(id: id, bodyByteCount: layout.bodyByteCount, to: &sink)
        writeFields(to: &sink)
        if layout.payloadByteCount > 0 {
            Self.writePayloadHead(layout.payloadByteCount, to: &sink)
        }
        precondition(
            sink.count == layout.prefixByteCount, "a frame's layout is not what is written")
    }

    /// A frame without a payload in an array of its own.
    package func bytes(id: UInt64 = 0) -> [UInt8] {
        let layout = layout(id: id)
        return unsafe [UInt8](unsafeUninitializedCapacity: layout.byteCount) { buffer, count in
            unsafe writePrefix(
                id: id, layout: layout, into: UnsafeMutableRawBufferPointer(buffer))
            count = layout.byteCount
        }
    }

    private var bodyField: Int {
        switch self {
        case .hello: Envelope.Body.hello.rawValue
        case .request: Envelope.Body.request.rawValue
        case .response: Envelope.Body.response.rawValue
        case .data: Envelope.Body.data.rawValue
        case .window: Envelope.Body.window.rawValue
        case .cancel: Envelope.Body.cancel.rawValue
        case .ping: Envelope.Body.ping.rawValue
        case .goaway: Envelope.Body.goaway.rawValue
        }
    }

    private func writeHead(id: UInt64, bodyByteCount: Int, to sink: inout WireSink) {
        sink.uint(1, id)
        sink.tag(bodyField, .bytes)
        sink.varint(UInt64(bodyByteCount))
    }

    private static func writePayloadHead(_ byteCount: Int, to sink: inout WireSink) {
        sink.tag(Frame.payloadField, .bytes)
        sink.varint(UInt64(byteCount))
    }

    private func writeFields(to sink: inout WireSink) {
        switch self {
        case .hello(let hello): hello.write(to: &sink)
        case .request(let request): request.write(to: &sink)
        case .response(let response): response.write(to: &sink)
        case .data(let data):
            sink.flag(1, data.ends)
            sink.flag(3, !data.hasMessage)
        case .window(let window):
            sink.uint(1, window.bytes)
            sink.uint(2, window.maxCalls)
        case .cancel: sink.uint(1, RPCCode.cancelled.rawValue)
        case .ping(let ping):
            sink.flag(1, ping.isAcknowledgement)
            sink.fixed64(2, ping.nonce)
        case .goaway(let goaway):
            sink.uint(1, goaway.lastID)
            sink.uint(2, goaway.code.rawValue)
            sink.text(3, goaway.message.cut(toUTF8: Frame.mostTextBytes))
            sink.uint(4, goaway.graceMilliseconds)
        }
    }
}

extension Frame.Hello {
    fileprivate func write(to sink: inout WireSink) {
        sink.uint(1, version)
        sink.uint(2, minVersion)
        sink.uint(3, features)
        sink.uint(4, maxFrame)
        sink.uint(5, maxMessage)
        sink.uint(6, maxCalls)
        sink.uint(7, streamWindow)
        sink.uint(8, connectionWindow)
        sink.uint(9, minPingMilliseconds)
        sink.text(10, peer.cut(toUTF8: Frame.mostTextBytes))
        sink.text(11, authScheme)
        sink.bytes(12, auth)
    }
}

extension Frame.Request {
    fileprivate func write(to sink: inout WireSink) {
        switch method {
        case .id(let id): sink.fixed32(2, id)
        case .name(let name): sink.text(1, name)
        }
        sink.uint(3, timeoutMicroseconds)
        sink.flag(4, isOpen)
        sink.uint(6, attempt)
        sink.uint(7, priority.rawValue)
        if let idempotencyKey { sink.bytes(8, idempotencyKey.bytes) }
        if let trace { sink.trace(9, trace) }
        for pair in metadata.pairs { sink.pair(11, key: pair.key, value: pair.value) }
    }
}

extension Frame.Response {
    /// The most bytes of an error's details: with its message they must fit beside a payload's limit.
    static let mostDetailBytes = 48 << 10

    fileprivate func write(to sink: inout WireSink) {
        if let error {
            sink.uint(1, error.code.rawValue)
            sink.text(2, error.message.cut(toUTF8: Frame.mostTextBytes))
            var left = Self.mostDetailBytes
            for detail in error.details.prefix(Metadata.mostPairs) {
                left -= detail.type.utf8.count + detail.value.count
                // The facts help, but the error must arrive without them, too.
                guard left >= 0 else { break }
                sink.pair(3, key: detail.type, value: detail.value)
            }
            sink.uint(4, error.verdict.rawValue)
            if let wait = error.retryAfter {
                sink.uint(5, UInt32(clamping: max(1, wait.wholeMilliseconds)))
            }
        }
        sink.uint(6, queueMicroseconds)
        sink.uint(7, handlerMicroseconds)
    }
}

extension String {
    /// At most so many bytes, cut at a character's end.
    package func cut(toUTF8 most: Int) -> String {
        guard utf8.count > most else { return self }
        var index = utf8.index(startIndex, offsetBy: most)
        while index.samePosition(in: unicodeScalars) == nil { index = utf8.index(before: index) }
        return String(self[..<index])
    }
}
