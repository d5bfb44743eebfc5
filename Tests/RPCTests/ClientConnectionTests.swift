import Messages
import RPC
import Testing

@Suite("The client's end of a connection")
struct ClientConnectionTests {
    private let later = Moment(nanoseconds: 10_000_000_000)

    private func greeted() throws -> ClientEnd {
        let end = ClientEnd()
        end.feed(try helloFrame())
        return end
    }

    @Test("Ids are odd, rise from 1, and are never used again")
    func ids() throws {
        let end = try greeted()
        var ids: [UInt64] = []
        for _ in 0..<1000 {
            let call = try #require(end.begin(deadline: later))
            ids.append(call.id)
            end.feed(try responseFrame(call.id))
        }
        #expect(ids.first == 1)
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { !$0.isMultiple(of: 2) })
    }

    @Test("Calls may go out before the server's Hello; its limits hold afterwards")
    func limits() throws {
        let end = ClientEnd()
        for _ in 0..<256 { #expect(end.begin(deadline: later) != nil) }
        #expect(end.begin(deadline: later) == nil)
        end.feed(
            try helloFrame {
                $0.maxCalls = 300; $0.maxMessage = 1000
            })
        for _ in 0..<44 { #expect(end.begin(deadline: later) != nil) }
        #expect(!end.hasRoom)
        #expect(end.mostRequestBytes == 1000)
        end.feed(try framed(Wire.Envelope(body: .window(Wire.Window(maxCalls: 301)))))
        #expect(end.hasRoom)
    }

    @Test("A lower limit holds at once for further calls, and running ones go on")
    func lowerLimit() throws {
        let end = try greeted()
        let calls = (0..<10).compactMap { _ in end.begin(deadline: later) }
        end.feed(OutboundFrame.window(Frame.Window(maxCalls: 4)).bytes())
        #expect(!end.hasRoom)
        for call in calls.prefix(6) { end.feed(try responseFrame(call.id)) }
        #expect(!end.hasRoom)
        end.feed(try responseFrame(calls[6].id))
        #expect(end.hasRoom)
        #expect(end.openCalls == 3)
    }

    @Test("Answers come in any order; a late one is ignored, one that was never asked for is not")
    func answers() throws {
        let end = try greeted()
        let one = try #require(end.begin(deadline: later))
        let two = try #require(end.begin(deadline: later))
        end.feed(try responseFrame(two.id))
        end.feed(
            try responseFrame(one.id) {
                $0.code = 5; $0.retry = .never
            })
        end.feed(try responseFrame(one.id))
        #expect(
            end.events == ["ready", "complete \(two.id) [7]", "complete 1 NOT_FOUND never"])
        end.feed(try responseFrame(two.id + 2))
        #expect(end.isClosed)
    }

    @Test("A slow call is still found after a thousand others")
    func slow() throws {
        let end = try greeted()
        let slow = try #require(end.begin(deadline: later))
        for _ in 0..<1000 {
            let call = try #require(end.begin(deadline: later))
            end.feed(try responseFrame(call.id))
        }
        end.feed(try responseFrame(slow.id))
        #expect(end.events.last == "complete 1 [7]")
        #expect(end.openCalls == 0)
    }

    @Test("An abandoned call keeps its slot until the server has answered")
    func abandon() throws {
        let end = try greeted()
        let call = try #require(end.begin(deadline: later))
        #expect(end.abandon(call))
        #expect(!end.abandon(call))
        #expect(end.openCalls == 1)
        end.feed(try responseFrame(call.id))
        #expect(end.events == ["ready", "freed"])
        #expect(end.openCalls == 0)
        #expect(!end.abandon(call), "after the Response nothing is cancelled")
    }

    @Test("A lost connection: what was never sent did not run")
    func lost() throws {
        let end = try greeted()
        let sent = try #require(end.begin(deadline: later))
        end.sent()
        let unsent = try #require(end.begin(deadline: later))
        let verdicts = end.closed()
        #expect(verdicts.count == 2)
        #expect(verdicts.first { $0.call == sent }?.verdict == .unknown)
        #expect(verdicts.first { $0.call == unsent }?.verdict == .notExecuted)
        #expect(end.begin(deadline: later) == nil)
    }

    @Test("GOAWAY: calls above its id did not run, the others are still answered")
    func goaway() throws {
        let end = try greeted()
        let one = try #require(end.begin(deadline: later))
        let two = try #require(end.begin(deadline: later))
        end.feed(try framed(Wire.Envelope(body: .goaway(Wire.Goaway(lastID: one.id)))))
        #expect(end.events.last == "retire OK [\(two.id)]")
        #expect(!end.hasRoom)
        #expect(!end.isRetired)
        end.feed(try responseFrame(one.id))
        #expect(end.events.last == "complete 1 [7]")
        #expect(end.isRetired)
    }

    @Test("GOAWAY: abandoned calls above its id free their slots; nobody is told of them")
    func abandonedGoaway() throws {
        let end = try greeted()
        let call = try #require(end.begin(deadline: later))
        #expect(end.abandon(call))
        end.feed(try framed(Wire.Envelope(body: .goaway(Wire.Goaway(lastID: 0)))))
        #expect(end.events.last == "retire OK []")
        #expect(end.openCalls == 0)
        #expect(end.isRetired)
    }

    @Test("A server that makes many calls is answered only so often")
    func serverCalls() throws {
        let end = try greeted()
        for number in 0..<100 { end.feed(try requestFrame(UInt64(2 * number + 2))) }
        #expect(end.isClosed)
        #expect(end.events.count { $0.hasPrefix("refuse") } == 64)
        let patient = try greeted()
        for number in 0..<100 {
            patient.feed(try requestFrame(UInt64(2 * number + 2)))
            patient.now = patient.now + .milliseconds(20)
        }
        #expect(!patient.isClosed)
    }

    @Test("Before the Hello frames are small")
    func firstFrame() throws {
        let end = ClientEnd()
        end.feed([0, 1, 0, 1])
        #expect(
            end.events == ["close INVALID_ARGUMENT: a frame of 65537 bytes; 1 to 65536 are allowed"]
        )
    }

    @Test("Deadlines, and a server that says nothing")
    func time() throws {
        let end = ClientEnd()
        let call = try #require(end.begin(deadline: Moment(nanoseconds: 1000)))
        #expect(end.nextTick == Moment(nanoseconds: 1000))
        #expect(end.tick(at: Moment(nanoseconds: 1000)).expired == [call])
        #expect(end.tick(at: Moment(nanoseconds: 1000)).expired == [])
        #expect(end.nextTick == Moment(nanoseconds: 5_000_000_000))
        #expect(end.tick(at: Moment(nanoseconds: 5_000_000_000)).close != nil)
    }

    @Test("Violations and what is refused by name")
    func violations() throws {
        let silent = ClientEnd()
        silent.feed(try responseFrame(1))
        #expect(silent.events == ["close FAILED_PRECONDITION: the first frame is no Hello"])
        let version = ClientEnd()
        version.feed(try helloFrame { $0.version = 2 })
        #expect(version.isClosed)
        let twice = try greeted()
        twice.feed(try helloFrame())
        #expect(twice.isClosed)
        let calling = try greeted()
        calling.feed(try requestFrame(2))
        #expect(calling.events.last == "refuse 2 UNIMPLEMENTED")
        let stream = try greeted()
        stream.feed(try framed(Wire.Envelope(id: 1, body: .data(Wire.Data()))))
        #expect(stream.events.last?.contains("was never made") == true)
        let refused = ClientEnd()
        refused.feed(
            try framed(Wire.Envelope(body: .goaway(Wire.Goaway(code: 16, message: "wrong key")))))
        #expect(refused.events == ["retire UNAUTHENTICATED []"])
    }
}
