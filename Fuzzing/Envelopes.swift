import MessageCoding
import Messages
import RPC

/// The reader of frames: what it takes stays within its bounds, and it agrees with libprotobuf-c.
func fuzzEnvelope(_ bytes: UnsafeRawBufferPointer) -> CInt {
    if case .envelope(let byteCount) = Frame.extent(of: bytes, maxFrame: 4096) {
        check(byteCount > 0 && byteCount <= 4096 && byteCount + 4 <= bytes.count, "an extent")
    }
    guard !bytes.isEmpty, let envelope = try? Envelope(bytes) else { return 0 }
    check(
        envelope.range.lowerBound >= 0 && envelope.range.upperBound <= bytes.count,
        "a body lies outside of its envelope")
    // Each reader meets any bytes, whatever the body's number says.
    let range = envelope.range
    if let hello = try? Frame.Hello(bytes, range) { checkHello(hello) }
    if let inbound = try? Frame.Request.read(bytes, range) { checkRequest(inbound, range) }
    if let (response, payload) = try? Frame.Response.read(bytes, range) {
        checkResponse(response, payload, range)
    }
    if let ping = try? Frame.Ping(bytes, range) { checkWritten(.ping(ping), as: .ping) }
    if let goaway = try? Frame.Goaway(bytes, range) {
        check(goaway.message.utf8.count <= Frame.mostTextBytes, "a GOAWAY's message is too long")
        checkWritten(.goaway(goaway), as: .goaway)
    }
    _ = try? Frame.Window(bytes, range)
    if let (_, payload, _) = try? Frame.Data.read(bytes, range) {
        check(
            payload.lowerBound >= range.lowerBound && payload.upperBound <= range.upperBound,
            "a payload lies outside of its Data")
    }
    compare(envelope, bytes)
    return 0
}

private func checkHello(_ hello: Frame.Hello) {
    for count in [hello.peer.utf8.count, hello.authScheme.utf8.count, hello.auth.count] {
        check(count <= Frame.mostTextBytes, "a Hello's field has \(count) bytes")
    }
    let written = checkWritten(.hello(hello), as: .hello)
    let again = written.withUnsafeBytes { bytes in
        (try? Envelope(bytes)).flatMap { try? Frame.Hello(bytes, $0.range) }
    }
    check(again == hello, "a Hello is not what was written")
}

private func checkRequest(_ inbound: Frame.Request.Inbound, _ range: Range<Int>) {
    check(
        inbound.payload.lowerBound >= range.lowerBound
            && inbound.payload.upperBound <= range.upperBound,
        "a payload lies outside of its Request")
    let pairs = inbound.request.metadata.pairs
    let byteCount = pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.count }
    check(pairs.count <= Metadata.mostPairs, "\(pairs.count) pairs")
    check(byteCount <= Metadata.mostBytes + 8 * pairs.count, "\(byteCount) bytes of metadata")
    guard inbound.refusal == nil else { return }
    let request = inbound.request
    let written = checkWritten(.request(request), as: .request)
    let again = written.withUnsafeBytes { bytes in
        (try? Envelope(bytes)).flatMap { try? Frame.Request.read(bytes, $0.range).request }
    }
    guard let again else { finding("a Request that was written cannot be read") }
    check(
        again.method == request.method
            && again.timeoutMicroseconds == request.timeoutMicroseconds
            && again.attempt == request.attempt && again.priority == request.priority
            && again.idempotencyKey == request.idempotencyKey && again.trace == request.trace
            && again.metadata == request.metadata,
        "a Request is not what was written")
}

private func checkResponse(
    _ response: Frame.Response, _ payload: Range<Int>, _ range: Range<Int>
) {
    check(
        payload.lowerBound >= range.lowerBound && payload.upperBound <= range.upperBound,
        "a payload lies outside of its Response")
    if let error = response.error {
        check(error.code != .ok, "an error is OK")
        check(error.message.utf8.count <= Frame.mostTextBytes, "an error's message is too long")
        check(error.details.count <= Metadata.mostPairs, "\(error.details.count) details")
    }
    checkWritten(.response(response), as: .response)
}

/// Packs a frame; whatever was read can be written and is an envelope again.
@discardableResult
private func checkWritten(_ frame: OutboundFrame, as body: Envelope.Body) -> [UInt8] {
    let bytes = Array(frame.bytes(id: 5).dropFirst(4))
    let again = bytes.withUnsafeBytes { try? Envelope($0) }
    check(again?.id == 5 && again?.body == body, "a frame that was written is no envelope")
    return bytes
}

/// Where libprotobuf-c reads the same bytes, it reads the same.
private func compare(_ envelope: Envelope, _ bytes: UnsafeRawBufferPointer) {
    guard let other = try? Wire.Envelope(decoding: bytes) else { return }
    check(other.id == envelope.id, "id \(envelope.id), libprotobuf-c says \(other.id)")
    switch other.body {
    case .request(let request):
        check(envelope.body == .request, "libprotobuf-c sees a Request")
        guard let inbound = try? Frame.Request.read(bytes, envelope.range),
            inbound.refusal == nil
        else { return }
        check(inbound.request.timeoutMicroseconds == request.timeoutUs, "another timeout")
        check(inbound.request.attempt == request.attempt, "another attempt")
        check(Array(bytes[inbound.payload]) == request.payload, "another payload")
        switch inbound.request.method {
        case .id(let id): check(id == request.methodID, "another method_id")
        case .name(let name): check(name == request.method, "another method")
        }
    case .response(let response):
        check(envelope.body == .response, "libprotobuf-c sees a Response")
        guard let (_, payload) = try? Frame.Response.read(bytes, envelope.range) else { return }
        check(Array(bytes[payload]) == response.payload, "another payload")
    case .ping(let ping):
        check(envelope.body == .ping, "libprotobuf-c sees a Ping")
        guard let own = try? Frame.Ping(bytes, envelope.range) else { return }
        check(own.nonce == ping.nonce && own.isAcknowledgement == ping.ack, "another Ping")
    case .goaway(let goaway):
        check(envelope.body == .goaway, "libprotobuf-c sees a GOAWAY")
        guard let own = try? Frame.Goaway(bytes, envelope.range) else { return }
        check(own.lastID == goaway.lastID, "another last_id")
    default: break
    }
}
