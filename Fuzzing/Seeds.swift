import Foundation
import MessageCoding
import Messages
import RPC

/// Writes inputs to begin with, a folder per target: valid messages and what a connection meets.
func writeSeeds(to folder: String) throws {
    let root = URL(fileURLWithPath: folder)
    for (target, seeds) in [
        ("envelope", try envelopeSeeds()), ("message", try messageSeeds()),
        ("server", try serverSeeds()), ("client", try clientSeeds()),
    ] {
        let folder = root.appendingPathComponent(target)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (index, seed) in seeds.enumerated() {
            try Data(seed).write(to: folder.appendingPathComponent("seed-\(index)"))
        }
    }
}

private func envelopeSeeds() throws -> [[UInt8]] {
    try (0..<200).map { index in
        var source = RandomSource(Wire.Envelope.self, index)
        return try Wire.Envelope(random: &source).encodedBytes()
    }
}

private func messageSeeds() throws -> [[UInt8]] {
    try allMessages.indices.flatMap { type in
        try (0..<3).map { index in
            let head =
                allMessages.count > 256 ? [UInt8(type >> 8), UInt8(type & 255)] : [UInt8(type)]
            return head + (try randomBytes(allMessages[type], index))
        }
    }
}

private func randomBytes<M: RandomMessage>(_ type: M.Type, _ index: Int) throws -> [UInt8] {
    var source = RandomSource(type, index)
    return try M(random: &source).encodedBytes()
}

/// A step of a script that feeds a frame.
private func step(_ envelope: Wire.Envelope, pieces: UInt8 = 0) throws -> [UInt8] {
    let bytes = try envelope.encodedBytes()
    return [pieces << 3, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
}

/// A step of a script that feeds a frame made of these.
private func made(_ kind: UInt8, _ number: UInt8 = 0, size: UInt8 = 0) -> [UInt8] {
    [(number << 3 | kind) << 3 | 1, size]
}

private let greet: [UInt8] = [7]
/// With small windows.
private let greetNarrow: [UInt8] = [15]

private func serverSeeds() throws -> [[UInt8]] {
    let request = Wire.Request(
        methodID: 7, timeoutUs: 5_000_000, metadata: [Wire.Pair(key: "session", value: [1, 2])],
        payload: [1, 2, 3])
    var stream = request
    stream.open = true
    let bodies: [Wire.Envelope.Body] = [
        .request(request), .request(stream), .cancel(Wire.Cancel(code: 1)),
        .data(Wire.Data(end: true, noMessage: true)),
        .ping(Wire.Ping(nonce: 9)), .data(Wire.Data(payload: [1])),
        .window(Wire.Window(bytes: 100)), .goaway(Wire.Goaway()),
        .hello(Wire.Hello(version: 1, minVersion: 1, peer: "p")), .response(Wire.Response()),
    ]
    var seeds: [[UInt8]] = []
    for first in bodies {
        for second in bodies {
            seeds.append(
                greet + (try step(Wire.Envelope(id: 1, body: .request(request))))
                    + (try step(Wire.Envelope(id: 1, body: first), pieces: 3))
                    + (try step(Wire.Envelope(id: 3, body: second)))
                    + [3, 2, 33, 6, 5, 2, 34, 2, 35, 3])
        }
    }
    let calls = try (0..<6).map {
        try step(Wire.Envelope(id: UInt64(2 * $0 + 1), body: .request(request)))
    }
    let cancels = try (0..<6).map {
        try step(Wire.Envelope(id: UInt64(2 * $0 + 1), body: .cancel(Wire.Cancel())))
    }
    seeds.append(greet + calls.joined() + cancels.joined() + [3, 3, 3, 5, 2, 36, 2, 37])
    // Messages until the window is full, some of them taken, and the end.
    let opening = try step(
        Wire.Envelope(id: 1, body: .request(Wire.Request(methodID: 7, open: true))))
    let message = try step(Wire.Envelope(id: 1, body: .data(Wire.Data(payload: [1, 2]))))
    let window = try step(Wire.Envelope(id: 1, body: .window(Wire.Window(bytes: 1 << 20))))
    let end = try step(Wire.Envelope(id: 1, body: .data(Wire.Data(end: true, noMessage: true))))
    seeds.append(greet + opening + message + [0xFE, 0x46, 6, 0x86] + window + [0x86] + end + [3])
    seeds.append(greet + opening + message + cancels[0] + message + [0xFE, 6, 3, 5, 2, 36])
    seeds.append(greet + [12] + calls.joined() + [4] + calls.joined() + [2, 41])
    // Streams beside calls: messages, grants, the end; then the drain, whose ping is answered or not.
    let traffic = made(1) + made(0, size: 9) + made(2, size: 200) + made(2, size: 200) + [0x46, 6]
    for last in [made(5, size: 1), [2, 30], made(0, size: 1), made(4, 1), made(6, size: 1)] {
        seeds.append(greet + traffic + made(3, size: 2) + [0x86, 5] + last + [3, 3, 2, 36, 2, 37])
        seeds.append(greetNarrow + traffic + last + [5] + last + made(7, size: 3))
    }
    return seeds
}

private func clientSeeds() throws -> [[UInt8]] {
    // The first three calls'.
    let ids: [UInt64] = [1, 3, 5]
    let begin: [UInt8] = [0xF3, 0xF3, 0xD3, 5]
    let bodies: [Wire.Envelope.Body] = [
        .response(Wire.Response(payload: [1, 2])),
        .response(
            Wire.Response(
                code: 8, message: "full", retry: .notExecuted, retryAfterMs: 50)),
        .goaway(Wire.Goaway(lastID: ids[1], message: "bye", graceMs: 10)),
        .window(Wire.Window(maxCalls: 9)), .ping(Wire.Ping(nonce: 3)),
        .request(Wire.Request(methodID: 3)), .data(Wire.Data(payload: [1])),
        .hello(Wire.Hello(version: 1)), .cancel(Wire.Cancel()),
    ]
    var seeds: [[UInt8]] = []
    for first in bodies {
        for second in bodies {
            seeds.append(
                greet + [0xFB] + (try step(Wire.Envelope(id: 1, body: first))) + [
                    0xFE, 0x46, 6, 0x86,
                ]
                    + (try step(Wire.Envelope(id: 1, body: second))) + [0x86, 4, 6])
            seeds.append(
                greet + begin + (try step(Wire.Envelope(id: ids[0], body: first), pieces: 2)) + [4]
                    + (try step(Wire.Envelope(id: ids[1], body: second)))
                    + (try step(Wire.Envelope(body: first))) + [6, 2, 34]
                    + (try step(Wire.Envelope(id: ids[2], body: second))))
        }
    }
    // Streams beside calls, one of them given up, one taken back; then each way to end: a drain in two steps with calls
    // that did not run, answers, a loss, time.
    let calls: [UInt8] = [0xFB, 0xFB, 0xF3, 5, 0xF3, 0xFC, 0x0C]
    let traffic = made(2, size: 200) + made(2, 1, size: 200) + [0x46, 6, 0x86]
    let answers = made(0, 0, size: 3) + made(1, 1, size: 8) + made(0, 2)
    for end in [
        made(4) + made(4, 1, size: 1) + answers, answers + answers, made(4, 0, size: 3), [2, 33],
        made(6, size: 1) + answers + [0xF3],
    ] {
        seeds.append(greet + calls + traffic + made(3, size: 2) + [0x86] + end + [0xFB, 6])
        seeds.append(greetNarrow + traffic + calls + end + traffic + end)
    }
    return seeds
}
