/// An envelope taken apart: which body, and where its bytes lie.
package struct Envelope: Sendable, Hashable {
    /// The bodies of version 1, by their field numbers.
    package enum Body: Int, Sendable {
        case hello = 2
        case request = 3
        case data = 4
        case response = 5
        case cancel = 6
        case window = 7
        case ping = 8
        case goaway = 9
    }

    /// 0 = the connection.
    package let id: UInt64
    /// Nil: a body that a later version added.
    package let body: Body?
    /// Of the body, counted from the envelope's first byte.
    package let range: Range<Int>

    /// Fields 2 to this one are bodies, those of later versions included; others are skipped.
    private static let mostBodyField = 19

    /// Fields may come in any order.
    package init(_ frame: UnsafeRawBufferPointer) throws(WireFault) {
        var reader = unsafe WireReader(frame, 0..<frame.count)
        var id: UInt64 = 0
        var found: (number: Int, range: Range<Int>)?
        while let field = try reader.nextField() {
            if field.number == 1 {
                id = try reader.uint64(field)
            } else if field.kind == .bytes, field.number <= Self.mostBodyField {
                guard found == nil else { throw .notOneBody }
                found = (field.number, try reader.range(field))
            } else {
                try reader.skip(field)
            }
        }
        guard let found else { throw .notOneBody }
        self.id = id
        body = Body(rawValue: found.number)
        range = found.range
    }
}

extension Frame.Hello {
    package init(_ frame: UnsafeRawBufferPointer, _ range: Range<Int>) throws(WireFault) {
        self.init()
        var reader = unsafe WireReader(frame, range)
        while let field = try reader.nextField() {
            switch field.number {
            case 1: version = try reader.uint32(field)
            case 2: minVersion = try reader.uint32(field)
            case 3: features = try reader.uint64(field)
            case 4: maxFrame = try reader.uint32(field)
            case 5: maxMessage = try reader.uint32(field)
            case 6: maxCalls = try reader.uint32(field)
            case 7: streamWindow = try reader.uint32(field)
            case 8: connectionWindow = try reader.uint32(field)
            case 9: minPingMilliseconds = try reader.uint32(field)
            case 10: peer = try reader.text(field, most: Frame.mostTextBytes)
            case 11: authScheme = try reader.text(field, most: Frame.mostTextBytes)
            case 12:
                let range = try reader.range(field)
                guard range.count <= Frame.mostTextBytes else { throw .badText(field: 12) }
                auth = unsafe [UInt8](frame[range])
            default: try reader.skip(field)
            }
        }
    }
}

extension Frame.Request {
    /// A request as it came: what it asks, where its payload lies, or why only this call is refused.
    package struct Inbound: Sendable {
        package var request: Frame.Request
        /// Counted from the envelope's first byte.
        package var payload: Range<Int>
        /// Why the call cannot be run, although the envelope is sound.
        package var refusal: RPCError?
    }

    /// Reads a request. What is wrong with the call alone is its refusal, not a fault of the connection.
    package static func read(
        _ frame: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireFault) -> Inbound {
        var reader = unsafe WireReader(frame, range)
        var request = Frame.Request(method: .id(0))
        var payload = range.upperBound..<range.upperBound
        var name: String?
        var id: UInt32 = 0
        var pairs = PairBounds()
        var wrong: String?
        var unimplemented: String?
        while let field = try reader.nextField() {
            switch field.number {
            case 1: name = try reader.text(field, most: Frame.mostMethodBytes)
            case 2: id = try reader.fixed32(field)
            case 3: request.timeoutMicroseconds = try reader.uint64(field)
            case 4: request.isOpen = try reader.uint32(field) != 0
            case 6: request.attempt = try reader.uint32(field)
            case 7:
                // A later version's priority is an ordinary one here.
                request.priority = CallPriority(rawValue: try reader.uint32(field)) ?? .normal
            case 8:
                let range = try reader.range(field)
                request.idempotencyKey = unsafe IdempotencyKey(slice(frame, range, 16))
                if request.idempotencyKey == nil, !range.isEmpty {
                    wrong = "an idempotency key has 16 bytes, not \(range.count)"
                }
            case 9:
                let range = try reader.range(field)
                request.trace = unsafe TraceContext(UnsafeRawBufferPointer(rebasing: frame[range]))
                if request.trace == nil, !range.isEmpty {
                    wrong = "a trace has 25 bytes, not \(range.count)"
                }
            case 10:
                let codec = try reader.uint32(field)
                if codec != 0 { unimplemented = "compression (codec \(codec))" }
            case 11:
                let pair = try reader.range(field)
                if pairs.admit(pair.count) {
                    let (key, value) = try unsafe readPair(frame, pair)
                    request.metadata.set(key, value)
                }
            case 15: payload = try reader.range(field)
            default: try reader.skip(field)
            }
        }
        if let name { request.method = .name(name) } else { request.method = .id(id) }
        if (name ?? "").isEmpty == (id == 0) {
            wrong = "exactly one of method and method_id names the method"
        }
        wrong = wrong ?? pairs.fault
        if request.isOpen, !payload.isEmpty {
            wrong = wrong ?? "an open call's messages come in Data, not in the Request"
        }
        let refusal =
            unimplemented.map { RPCError.unimplemented($0) }
            ?? wrong.map { RPCError(code: .invalidArgument, message: $0, verdict: .never) }
        return Inbound(request: request, payload: payload, refusal: refusal)
    }

    /// The bytes when there are exactly so many; otherwise none, so that nothing large is copied.
    private static func slice(
        _ frame: UnsafeRawBufferPointer, _ range: Range<Int>, _ count: Int
    ) -> [UInt8] {
        range.count == count ? unsafe [UInt8](frame[range]) : []
    }
}

/// Counts the metadata of a call against its bounds before anything of it is copied.
private struct PairBounds {
    private var count = 0
    private var bytes = 0

    /// Whether this pair is still within the bounds. Its tags and lengths count too, at most 8 bytes.
    mutating func admit(_ byteCount: Int) -> Bool {
        count += 1
        bytes += byteCount
        return fault == nil
    }

    var fault: String? {
        if count > Metadata.mostPairs {
            "\(count) metadata pairs are over the limit of \(Metadata.mostPairs)"
        } else if bytes > Metadata.mostBytes + 8 * count {
            "\(bytes) bytes of metadata are over the limit of \(Metadata.mostBytes)"
        } else {
            nil
        }
    }
}

private func readPair(
    _ frame: UnsafeRawBufferPointer, _ range: Range<Int>
) throws(WireFault) -> (String, [UInt8]) {
    var reader = unsafe WireReader(frame, range)
    var key = ""
    var value: [UInt8] = []
    while let field = try reader.nextField() {
        switch field.number {
        case 1: key = try reader.text(field, most: Metadata.mostBytes)
        case 2: value = try reader.bytes(field)
        default: try reader.skip(field)
        }
    }
    return (key, value)
}

extension Frame.Response {
    /// Reads a response; the range is its payload's, counted from the envelope's first byte.
    package static func read(
        _ frame: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireFault) -> (response: Frame.Response, payload: Range<Int>) {
        var reader = unsafe WireReader(frame, range)
        var response = Frame.Response()
        var payload = range.upperBound..<range.upperBound
        var code: UInt32 = 0
        var message = ""
        var details: [ErrorDetail] = []
        var retry: UInt32 = 0
        var retryAfter: UInt32 = 0
        var codec: UInt32 = 0
        while let field = try reader.nextField() {
            switch field.number {
            case 1: code = try reader.uint32(field)
            case 2: message = try reader.text(field, most: Frame.mostTextBytes)
            case 3:
                let pair = try reader.range(field)
                guard details.count < Metadata.mostPairs else { throw .tooManyFields }
                let (type, value) = try unsafe readPair(frame, pair)
                details.append(ErrorDetail(type: type, value: value))
            case 4: retry = try reader.uint32(field)
            case 5: retryAfter = try reader.uint32(field)
            case 6: response.queueMicroseconds = try reader.uint32(field)
            case 7: response.handlerMicroseconds = try reader.uint32(field)
            case 10: codec = try reader.uint32(field)
            case 15: payload = try reader.range(field)
            default: try reader.skip(field)
            }
        }
        if code != 0 {
            let code = RPCCode(rawValue: code) ?? .unknown
            response.error = RPCError(
                code: code == .ok ? .unknown : code, message: message, details: details,
                verdict: RetryVerdict(rawValue: retry) ?? .unknown,
                retryAfter: retryAfter == 0 ? nil : .milliseconds(retryAfter))
        } else if codec != 0 {
            response.error = .unimplemented("compression (codec \(codec))")
        }
        return (response, payload)
    }
}

extension Frame.Data {
    /// Reads a Data frame; the range is its payload's, counted from the envelope's first byte.
    package static func read(
        _ frame: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireFault) -> (data: Frame.Data, payload: Range<Int>, codec: UInt32) {
        var reader = unsafe WireReader(frame, range)
        var data = Frame.Data()
        var payload = range.upperBound..<range.upperBound
        var codec: UInt32 = 0
        while let field = try reader.nextField() {
            switch field.number {
            case 1: data.ends = try reader.uint32(field) != 0
            case 3: data.hasMessage = try reader.uint32(field) == 0
            case 10: codec = try reader.uint32(field)
            case 15: payload = try reader.range(field)
            default: try reader.skip(field)
            }
        }
        return (data, payload, codec)
    }
}

extension Frame.Ping {
    package init(_ frame: UnsafeRawBufferPointer, _ range: Range<Int>) throws(WireFault) {
        self.init(isAcknowledgement: false, nonce: 0)
        var reader = unsafe WireReader(frame, range)
        while let field = try reader.nextField() {
            switch field.number {
            case 1: isAcknowledgement = try reader.uint32(field) != 0
            case 2: nonce = try reader.fixed64(field)
            default: try reader.skip(field)
            }
        }
    }
}

extension Frame.Window {
    package init(_ frame: UnsafeRawBufferPointer, _ range: Range<Int>) throws(WireFault) {
        self.init()
        var reader = unsafe WireReader(frame, range)
        while let field = try reader.nextField() {
            switch field.number {
            case 1: bytes = try reader.uint64(field)
            case 2: maxCalls = try reader.uint32(field)
            default: try reader.skip(field)
            }
        }
    }
}

extension Frame.Goaway {
    package init(_ frame: UnsafeRawBufferPointer, _ range: Range<Int>) throws(WireFault) {
        self.init(lastID: 0, code: .ok, message: "")
        var reader = unsafe WireReader(frame, range)
        while let field = try reader.nextField() {
            switch field.number {
            case 1: lastID = try reader.uint64(field)
            case 2: code = RPCCode(rawValue: try reader.uint32(field)) ?? .unknown
            case 3: message = try reader.text(field, most: Frame.mostTextBytes)
            case 4: graceMilliseconds = try reader.uint32(field)
            default: try reader.skip(field)
            }
        }
    }
}
