import MessageCoding
import Messages
import RPC
import Testing

@Suite("Frames, against an independent codec")
struct FrameTests {
    private func decoded(_ bytes: [UInt8]) throws -> Wire.Envelope {
        try Wire.Envelope(decoding: Array(bytes.dropFirst(4)))
    }

    private func frame(_ frame: OutboundFrame, id: UInt64, payload: [UInt8]) -> [UInt8] {
        let layout = frame.layout(id: id, payloadByteCount: payload.count)
        var bytes = [UInt8](repeating: 0xff, count: layout.prefixByteCount)
        bytes.withUnsafeMutableBytes { frame.writePrefix(id: id, layout: layout, into: $0) }
        return bytes + payload
    }

    @Test(
        "A request's prefix and payload are what the codec reads",
        arguments: [0, 1, 127, 128, 70_000])
    func request(_ payloadCount: Int) throws {
        var request = Frame.Request(method: .id(0xebc4_d216))
        request.timeoutMicroseconds = 300
        request.attempt = 2
        request.priority = .critical
        request.idempotencyKey = IdempotencyKey(Array(1...16))
        request.trace = TraceContext(Array(1...25))
        request.metadata.set("session", Array(0..<32))
        request.metadata.set("空", [])
        let payload = [UInt8](repeating: 9, count: payloadCount)
        let bytes = frame(.request(request), id: 8193, payload: payload)
        #expect(UInt32(bytes.count - 4) == bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
        let envelope = try decoded(bytes)
        let expected = Wire.Request(
            methodID: 0xebc4_d216, timeoutUs: 300, attempt: 2, priority: 1,
            idempotencyKey: Array(1...16), trace: Array(1...25),
            metadata: [
                Wire.Pair(key: "session", value: Array(0..<32)), Wire.Pair(key: "空", value: []),
            ],
            payload: payload)
        #expect(envelope == Wire.Envelope(id: 8193, body: .request(expected)))
    }

    @Test(
        "What a unary call by method id takes beside its messages, the millionth of a connection too",
        arguments: [(false, 40), (true, 68)])
    func overhead(hasTrace: Bool, most: Int) {
        var request = Frame.Request(method: .id(0xebc4_d216))
        request.timeoutMicroseconds = 10_000_000
        if hasTrace { request.trace = TraceContext(Array(1...25)) }
        var response = Frame.Response()
        response.queueMicroseconds = 200
        response.handlerMicroseconds = 5_000
        let layouts = [
            OutboundFrame.request(request).layout(id: 1_999_999, payloadByteCount: 100),
            OutboundFrame.response(response).layout(id: 1_999_999, payloadByteCount: 100),
        ]
        #expect(layouts.reduce(0) { $0 + $1.byteCount - $1.payloadByteCount } <= most)
    }

    @Test("A response with an error, its details and times")
    func response() throws {
        var response = Frame.Response(
            error: RPCError(
                code: .failedPrecondition, message: "名额不足",
                details: [ErrorDetail(type: "quota.v1.Vacancy", value: [1, 2])], verdict: .never,
                retryAfter: .microseconds(1_500)))
        response.queueMicroseconds = 12
        response.handlerMicroseconds = 345
        let envelope = try decoded(frame(.response(response), id: 5, payload: []))
        let expected = Wire.Response(
            code: 9, message: "名额不足", details: [Wire.Pair(key: "quota.v1.Vacancy", value: [1, 2])],
            retry: .never, retryAfterMs: 1, queueUs: 12, handlerUs: 345)
        #expect(envelope == Wire.Envelope(id: 5, body: .response(expected)))
    }

    @Test("Hello, Ping, Cancel and Goaway")
    func control() throws {
        var hello = Frame.Hello()
        hello.version = 1
        hello.maxFrame = 70_000
        hello.peer = "p"
        hello.auth = [1]
        #expect(
            try decoded(OutboundFrame.hello(hello).bytes()).body
                == .hello(Wire.Hello(version: 1, maxFrame: 70_000, peer: "p", auth: [1])))
        let ping = Frame.Ping(isAcknowledgement: true, nonce: .max)
        #expect(
            try decoded(OutboundFrame.ping(ping).bytes()).body
                == .ping(Wire.Ping(ack: true, nonce: .max)))
        #expect(
            try decoded(OutboundFrame.cancel.bytes(id: 7))
                == Wire.Envelope(id: 7, body: .cancel(Wire.Cancel(code: 1))))
        let goaway = Frame.Goaway(
            lastID: 9, code: .unauthenticated, message: "no", graceMilliseconds: 10)
        #expect(
            try decoded(OutboundFrame.goaway(goaway).bytes()).body
                == .goaway(Wire.Goaway(lastID: 9, code: 16, message: "no", graceMs: 10)))
    }

    @Test("A message that is too long is cut at a character's end")
    func longMessages() throws {
        let long = RPCError(code: .aborted, message: String(repeating: "长", count: 1000))
        let envelope = try decoded(
            OutboundFrame.response(Frame.Response(error: long)).bytes(id: 1))
        guard case .response(let response) = envelope.body else {
            Issue.record("no response")
            return
        }
        #expect(response.message.utf8.count == 1023)
        #expect(response.message.allSatisfy { $0 == "长" })
    }

    @Test("Details that would not fit are left out; the error arrives")
    func manyDetails() throws {
        let detail = ErrorDetail(type: "x", value: [UInt8](repeating: 0, count: 40_000))
        let error = RPCError(code: .aborted, message: "a", details: [detail, detail])
        let bytes = OutboundFrame.response(Frame.Response(error: error)).bytes(id: 1)
        #expect(bytes.count < 64 << 10)
        guard case .response(let response) = try decoded(bytes).body else { return }
        #expect(response.details.count == 1)
    }

    @Test("Fields may come in any order, unknown ones are passed over")
    func anyOrder() throws {
        // payload, unknown varint 20, unknown fixed64 21, unknown bytes 22, unknown fixed32 23, method
        let body: [UInt8] =
            [0x7a, 2, 8, 9] + [0xa0, 1, 5] + [0xa9, 1, 1, 2, 3, 4, 5, 6, 7, 8] + [0xb2, 1, 1, 0]
            + [0xbd, 1, 1, 2, 3, 4] + [0x0a, 1, 0x6d]
        let envelope = [0x1a, UInt8(body.count)] + body + [0x08, 3, 0xa0, 1, 1]
        try envelope.withUnsafeBytes { bytes in
            let read = try Envelope(bytes)
            #expect(read.id == 3)
            #expect(read.body == .request)
            let inbound = try Frame.Request.read(bytes, read.range)
            #expect(inbound.request.method == .name("m"))
            #expect(Array(bytes[inbound.payload]) == [8, 9])
        }
    }

    @Test("More fields than any envelope needs are refused")
    func fieldFlood() {
        let envelope = [UInt8](repeating: 0, count: 4000).enumerated()
            .map { UInt8($0.offset % 2 == 0 ? 0x78 : 1) }
        #expect(throws: WireFault.tooManyFields) {
            try envelope.withUnsafeBytes { try Envelope($0) }
        }
    }

    @Test(
        "Bytes that are no envelope",
        arguments: [
            ([0x08], WireFault.truncated), ([0x08, 1], .notOneBody), ([0x00, 1], .badTag),
            ([0x0b], .badTag), ([0x0a, 1, 0], .wrongType(field: 1)),
            ([0x12, 5, 1], .truncated), ([0x12, 0, 0x1a, 0], .notOneBody),
            ([UInt8](repeating: 0x80, count: 11), .overlongNumber),
            ([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], .truncated),
        ] as [([UInt8], WireFault)])
    func noEnvelope(_ bytes: [UInt8], _ fault: WireFault) {
        #expect(throws: fault) { try bytes.withUnsafeBytes { try Envelope($0) } }
    }

    @Test("Lengths are judged by their four bytes alone")
    func extents() {
        func extent(_ bytes: [UInt8]) -> Frame.Extent {
            bytes.withUnsafeBytes { Frame.extent(of: $0, maxFrame: 1000) }
        }
        #expect(extent([]) == .incomplete)
        #expect(extent([0, 0, 0]) == .incomplete)
        #expect(extent([0, 0, 0, 0]) == .badLength(0))
        #expect(extent([0xff, 0xff, 0xff, 0xff]) == .badLength(4_294_967_295))
        #expect(extent([0, 0, 3, 0xe9]) == .badLength(1001))
        #expect(extent([0, 0, 3, 0xe8]) == .incomplete)
        #expect(extent([0, 0, 0, 1, 9, 9]) == .envelope(byteCount: 1))
    }
}
