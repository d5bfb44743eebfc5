import Foundation
import Glibc
import ListMessages
import SwiftProtobuf
import ZhichengClient

/// `codec` decodes and encodes the list call's reply with the platform's codec and with SwiftProtobuf, in turn,
/// and prints one line of JSON: nanoseconds of processor time a message, the least of each peer's turns.
@main
enum Codec {
    static let turns = 15
    static let messagesPerTurn = 500

    static func main() throws {
        let theirs = Bench_V1_ListReply.sample
        let bytes: [UInt8] = try theirs.serializedBytes()
        let ours = try Tasks.ListTasksReply(decoding: bytes)
        guard try ours.encodedBytes() == bytes, ours.tasks.count == theirs.tasks.count else {
            print("the codecs do not agree")
            exit(1)
        }
        // Where a frame is packed, too: straight into the outbound buffer.
        let outbound = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { outbound.deallocate() }
        var least: [String: Double] = [:]
        for _ in 0..<turns {
            try measure("decode", &least) { keep(try Tasks.ListTasksReply(decoding: bytes)) }
            try measure("decode_peer", &least) {
                keep(try Bench_V1_ListReply(serializedBytes: bytes))
            }
            try measure("encode", &least) { keep(try ours.encodedBytes()) }
            try measure("encode_in_place", &least) {
                try ours.encode { _ throws(MessageFault) in outbound }
            }
            try measure("encode_peer", &least) { keep(try theirs.serializedBytes() as [UInt8]) }
        }
        least["bytes"] = Double(bytes.count)
        let fields = least.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
        print("{\(fields.joined(separator: ", "))}")
    }

    private static func measure(
        _ name: String, _ least: inout [String: Double], _ body: () throws -> Void
    ) rethrows {
        let before = processorNanoseconds()
        for _ in 0..<messagesPerTurn { try body() }
        let each = (processorNanoseconds() - before) / Double(messagesPerTurn)
        least[name] = min(least[name] ?? .infinity, each)
    }

    private static func processorNanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Keeps the compiler from leaving out what nobody looks at.
    @inline(never)
    private static func keep<Value>(_ value: Value) {}
}
