import MessageCoding
import Messages
import RPC

/// A frame that makes sense, about a call that there is: what changed bytes alone find too seldom.
struct MadeFrame {
    /// 0 to 7: which frame.
    let kind: UInt8
    /// 0 to 3: which of the calls.
    let number: Int
    /// How large, how many, which variant.
    let size: UInt8

    /// One of the calls; the first call's id when there is none.
    func pick(_ ids: some Collection<UInt64>) -> UInt64 {
        let ids = ids.sorted()
        return ids.isEmpty ? 1 : ids[number % ids.count]
    }

    /// As a server sends it.
    /// - Parameters:
    ///   - calls: that were made.
    ///   - streams: those of them that stream.
    func fromServer(calls: some Collection<UInt64>, streams: [UInt64]) -> Wire.Envelope {
        let call = pick(calls)
        switch kind {
        case 0: return Wire.Envelope(id: call, body: .response(Wire.Response(payload: payload)))
        case 1:
            return Wire.Envelope(
                id: call,
                body: .response(
                    Wire.Response(
                        code: UInt32(size % 17), retry: Wire.Retry(rawValue: Int32(size >> 5)))))
        case 2: return Wire.Envelope(id: pick(streams), body: .data(Wire.Data(payload: payload)))
        case 3: return window(streams)
        case 4:
            let lastID = size.isMultiple(of: 2) ? UInt64.max : call
            return Wire.Envelope(
                body: .goaway(Wire.Goaway(lastID: lastID, code: size & 2 == 0 ? 0 : 14)))
        case 5:
            return Wire.Envelope(
                body: .ping(Wire.Ping(ack: size & 1 == 1, nonce: UInt64(size))))
        case 6: return Wire.Envelope(body: .window(Wire.Window(maxCalls: UInt32(size))))
        default:
            switch size & 3 {
            case 0: return Wire.Envelope(id: 2, body: .request(Wire.Request(methodID: 3)))
            case 1: return Wire.Envelope(id: call, body: .cancel(Wire.Cancel()))
            case 2: return Wire.Envelope(id: call, body: .data(Wire.Data(end: true)))
            default: return Wire.Envelope(body: .hello(Wire.Hello(version: 1)))
            }
        }
    }

    /// As a client sends it.
    /// - Parameters:
    ///   - next: the id of a new call.
    ///   - calls: that run.
    ///   - streams: those of them that stream.
    ///   - nonce: of the server's latest ping.
    func fromClient(
        next: UInt64, calls: some Collection<UInt64>, streams: [UInt64], nonce: UInt64
    ) -> Wire.Envelope {
        switch kind {
        case 0, 1:
            var request = Wire.Request(methodID: 7, timeoutUs: UInt64(size & 7) << 20)
            request.open = kind == 1
            if kind == 0 { request.payload = payload }
            return Wire.Envelope(id: next, body: .request(request))
        case 2: return Wire.Envelope(id: pick(streams), body: .data(Wire.Data(payload: payload)))
        case 3: return window(streams)
        case 4: return Wire.Envelope(id: pick(calls), body: .cancel(Wire.Cancel(code: 1)))
        case 5:
            return Wire.Envelope(
                body: .ping(
                    Wire.Ping(ack: size & 1 == 1, nonce: size & 2 == 0 ? nonce : UInt64(size))))
        case 6:
            return Wire.Envelope(
                id: pick(streams),
                body: .data(Wire.Data(end: true, noMessage: size & 1 == 1, payload: [])))
        default:
            switch size & 3 {
            case 0: return Wire.Envelope(body: .goaway(Wire.Goaway()))
            case 1: return Wire.Envelope(id: pick(calls), body: .response(Wire.Response()))
            case 2: return Wire.Envelope(body: .window(Wire.Window(maxCalls: 4)))
            default: return Wire.Envelope(body: .hello(Wire.Hello(version: 1, minVersion: 1)))
            }
        }
    }

    private var payload: [UInt8] { [UInt8](repeating: size, count: 2 * Int(size)) }

    private func window(_ streams: [UInt64]) -> Wire.Envelope {
        let id = size & 1 == 1 ? 0 : pick(streams)
        return Wire.Envelope(
            id: id, body: .window(Wire.Window(bytes: 256 << 10 + UInt64(size) << 12)))
    }
}

extension FrameCutter {
    mutating func append(_ envelope: Wire.Envelope) {
        guard let bytes = try? envelope.encodedBytes() else { finding("a frame cannot be packed") }
        append(withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { [UInt8]($0) } + bytes)
    }
}
