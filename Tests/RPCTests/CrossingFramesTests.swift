import Messages
import RPC
import Testing

/// What the random schedules found once, each by itself.
@Suite("Frames that cross each other on their way")
struct CrossingFramesTests {
    private func greeted(
        _ change: (inout ConnectionLimits) -> Void = { _ in }
    ) throws -> ServerEnd {
        let end = ServerEnd(change)
        end.feed(try helloFrame())
        return end
    }

    @Test("A call and its Cancel that cross the GOAWAY do not end the calls that still run")
    func cancelCrossesGoaway() throws {
        let end = try greeted()
        end.feed(try requestFrame(1))
        _ = end.drain()
        end.answerAdvice()
        #expect(end.events.last == "drain 1")
        end.feed([try requestFrame(3), try cancelFrame(3)])
        end.feed(try framed(Wire.Envelope(id: 5, body: .data(Wire.Data()))))
        #expect(!end.isClosed)
        #expect(end.events.count == 3)
        #expect(end.finish(1))
        #expect(end.isDrained)
    }

    @Test("A handler is cancelled once, also when its Cancel comes after the grace")
    func cancelledOnce() throws {
        let end = try greeted()
        end.feed(try requestFrame(1))
        _ = end.drain()
        end.advance(.seconds(10))
        end.feed(try cancelFrame(1))
        #expect(end.events.filter { $0 == "cancel 1" }.count == 1)
    }

    @Test(
        "A peer that does not read gets only so many refusals, whatever they are for",
        arguments: 0..<4)
    func refusalsWhileStalled(kind: Int) throws {
        let end = try greeted { $0.maxMessage = 10 }
        end.outbound(isOverLimit: true)
        var id: UInt64 = 1
        while !end.isClosed, id < 100_000 {
            switch kind {
            case 0: end.feed(try requestFrame(id) { $0.method = "" })
            case 1: end.feed(try requestFrame(id) { $0.payload = [UInt8](repeating: 0, count: 11) })
            case 2: end.feed(try unknownFrame(id))
            default: end.feed(try requestFrame(id))
            }
            id += 2
        }
        #expect(end.events.last == "abort")
        #expect(id < 10_000)
    }
}
