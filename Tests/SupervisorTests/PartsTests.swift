import Glibc
import Testing

@testable import Supervisor

@Suite("The supervisor's parts")
struct PartsTests {
    @Test("Pauses double up to the longest, and begin anew after a settled life")
    func backoff() {
        var backoff = Backoff(SupervisorPolicy())
        let brief = (0..<8).map { _ in backoff.pause(afterLifeOf: .milliseconds(1)) }
        #expect(
            brief == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { .milliseconds($0) })
        #expect(backoff.pause(afterLifeOf: .milliseconds(9_999)) == .seconds(5))
        #expect(backoff.pause(afterLifeOf: .seconds(10)) == .milliseconds(100))
        #expect(backoff.pause(afterLifeOf: .zero) == .milliseconds(200))
    }

    @Test("Lines are found at every split of the bytes")
    func lineSplits() {
        let bytes = Array("一\r\n\ntwo\nrest".utf8)
        for split in 0...bytes.count {
            var buffer = LineBuffer()
            var lines = buffer.append(bytes[..<split])
            lines += buffer.append(bytes[split...])
            #expect(lines == ["一", "", "two"], "split at \(split)")
            #expect(buffer.finish() == "rest")
            #expect(buffer.finish() == nil)
        }
    }

    @Test("A line without end takes bounded memory")
    func longLines() {
        var buffer = LineBuffer()
        for _ in 0..<100 {
            #expect(buffer.append([UInt8](repeating: UInt8(ascii: "x"), count: 1_000)).isEmpty)
        }
        let lines = buffer.append(Array("\nnext\n".utf8))
        #expect(lines == [String(repeating: "x", count: LineBuffer.mostBytes) + "…", "next"])
    }

    @Test("The log prefixes lines and lets no control character through", arguments: [true, false])
    func prefixedLog(coloured: Bool) throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let log = PrefixedLog(names: ["a", "long"], descriptor: ends[1], coloured: coloured)
        log.write(ChildLine(name: "a", stream: .output, text: "x\u{1B}[2Jy\tz"))
        log.write("w", from: "long")
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(ends[0], &bytes, bytes.count)
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        #expect(
            text
                == (coloured
                    ? "\u{1B}[36ma    |\u{1B}[0m x[2Jy\tz\n\u{1B}[32mlong |\u{1B}[0m w\n"
                    : "a    | x[2Jy\tz\nlong | w\n"))
    }

    @Test("Free ports are free and different")
    func freePorts() {
        let ports = freeLoopbackPorts(8)
        #expect(Set(ports).count == 8)
        #expect(ports.allSatisfy { (1...65_535).contains($0) })
    }
}
