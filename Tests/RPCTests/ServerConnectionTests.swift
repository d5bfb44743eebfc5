import Messages
import RPC
import Testing

@Suite("The server's end of a connection")
struct ServerConnectionTests {
    /// An end that has said Hello.
    private func greeted(
        _ change: (inout ConnectionLimits) -> Void = { _ in }
    ) throws -> ServerEnd {
        let end = ServerEnd(change)
        end.feed(try helloFrame())
        return end
    }

    @Test("Hello, then calls")
    func calls() throws {
        let end = try greeted()
        end.feed(try requestFrame(1))
        end.feed(
            try requestFrame(5) {
                $0.method = ""; $0.methodID = 7
            })
        #expect(
            end.events == [
                "hello 1 to tester/1@0.1.0", "start 1 test.v1.Test/Echo [1, 2, 3]",
                "start 5 7 [1, 2, 3]",
            ])
        #expect(end.runningCalls == 2)
        #expect(end.finish(5))
        #expect(end.runningCalls == 1)
    }

    @Test("Who is not welcome")
    func unwelcome() throws {
        for change in [
            { $0.version = 0 },
            {
                $0.version = 3; $0.minVersion = 2
            },
        ] as [(inout Wire.Hello) -> Void] {
            let end = ServerEnd()
            end.feed(try helloFrame(change))
            #expect(end.events.first?.hasPrefix("close 0 FAILED_PRECONDITION: no common") == true)
        }
        let newer = ServerEnd()
        newer.feed(
            try helloFrame {
                $0.version = 9; $0.minVersion = 1
            })
        #expect(newer.events == ["hello 1 to tester/1@0.1.0"])
        let refused = ServerEnd(authenticate: { _ in .refused("wrong key") })
        refused.feed(try helloFrame())
        refused.feed(try requestFrame(1))
        #expect(refused.events == ["close 0 UNAUTHENTICATED: wrong key"])
        let silent = ServerEnd()
        silent.feed(try requestFrame(1))
        #expect(silent.events == ["close 0 FAILED_PRECONDITION: the first frame is no Hello"])
    }

    @Test("Before the Hello frames are small, right behind it they are not")
    func firstFrame() throws {
        let end = ServerEnd()
        end.feed([0, 1, 0, 1])
        let reason = "close 0 INVALID_ARGUMENT: a frame of 65537 bytes; 1 to 65536 are allowed"
        #expect(end.events == [reason])
        let eager = ServerEnd()
        let payload = [UInt8](repeating: 7, count: 100_000)
        eager.feed(try helloFrame() + requestFrame(1) { $0.payload = payload })
        #expect(eager.runningCalls == 1)
    }

    @Test("The limit of calls is told when it changes much, and not before the Hello")
    func window() throws {
        let silent = ServerEnd()
        #expect(silent.takeWindow(limit: 10) == nil)
        let end = try greeted()
        #expect(end.takeWindow(limit: 300) == nil)
        #expect(end.takeWindow(limit: 250) == nil)
        #expect(end.takeWindow(limit: 100) == Frame.Window(maxCalls: 100))
        #expect(end.takeWindow(limit: 104) == nil)
        #expect(end.takeWindow(limit: 0) == Frame.Window(maxCalls: 1))
        #expect(end.takeWindow(limit: 1000) == Frame.Window(maxCalls: 256))
        _ = end.drain()
        #expect(end.takeWindow(limit: 5) == nil)
    }

    @Test("Violations end the connection, with the reason")
    func violations() throws {
        let cases: [([[UInt8]], String)] = [
            ([try helloFrame()], "a second Hello"),
            ([try requestFrame(2)], "id 2 is even"),
            ([try requestFrame(0)], "id 0 after 0"),
            ([try requestFrame(3), try requestFrame(3)], "id 3 after 3"),
            ([try requestFrame(3), try requestFrame(1)], "id 1 after 3"),
            ([try cancelFrame(1)], "a Cancel of call 1, which was never made"),
            ([try responseFrame(1)], "a Response from the side that calls"),
            ([framed([0xff])], "a frame is no envelope"),
            ([[0, 0, 0, 0]], "a frame of 0 bytes"),
            ([[0xff, 0xff, 0xff, 0xff]], "a frame of 4294967295 bytes"),
            ([framed([0x08, 1, 0x1a, 2, 0x7a, 9])], "a frame is no envelope"),
            (
                [
                    try requestFrame(1),
                    try framed(Wire.Envelope(id: 1, body: .data(Wire.Data()))),
                ], "Data on call 1, which is no stream"
            ),
            ([try framed(Wire.Envelope(id: 5, body: .data(Wire.Data())))], "was never made"),
            ([try framed(Wire.Envelope(id: 7, body: .window(Wire.Window())))], "was never made"),
        ]
        for (frames, reason) in cases {
            let end = try greeted()
            end.feed(frames)
            #expect(end.isClosed)
            #expect(end.events.last?.contains(reason) == true, "\(end.events.last ?? "")")
            let count = end.events.count
            end.feed(try requestFrame(99))
            #expect(end.events.count == count, "nothing is looked at after the GOAWAY")
        }
    }

    @Test("What this version does not serve is refused by name, with code 12")
    func unserved() throws {
        let end = try greeted()
        end.feed(try requestFrame(3) { $0.codec = 4 })
        end.feed(try framed(Wire.Envelope(body: .window(Wire.Window(bytes: 1)))))
        end.feed(framed([0x08, 9, 0x82, 1, 0]))
        end.feed(framed([0x82, 1, 0]))
        end.feed(try requestFrame(11))
        let implemented = "is not implemented here"
        #expect(
            end.events.dropFirst() == [
                "refuse 3 UNIMPLEMENTED never: compression (codec 4) \(implemented)",
                "refuse 9 UNIMPLEMENTED never: this kind of frame \(implemented)",
                "start 11 test.v1.Test/Echo [1, 2, 3]",
            ])
    }

    @Test("Faults of one call alone refuse that call")
    func refusals() throws {
        let changes: [(inout Wire.Request) -> Void] = [
            { $0.method = "" }, { $0.methodID = 5 }, { $0.idempotencyKey = [1] },
            { $0.trace = [1] },
            { $0.metadata = (0..<65).map { Wire.Pair(key: "\($0)", value: []) } },
            { $0.metadata = [Wire.Pair(key: "k", value: [UInt8](repeating: 0, count: 9000))] },
        ]
        let end = try greeted()
        for (index, change) in changes.enumerated() {
            end.feed(try requestFrame(UInt64(2 * index + 1), change))
            #expect(
                end.events.last?.hasPrefix("refuse \(2 * index + 1) INVALID_ARGUMENT never") == true
            )
        }
        end.feed(
            try requestFrame(101) {
                $0.metadata = [Wire.Pair(key: "k", value: [UInt8](repeating: 0, count: 8191))]
            })
        #expect(end.events.last?.hasPrefix("start 101") == true)
    }

    @Test("Calls over the limit, and messages over theirs")
    func limits() throws {
        let end = try greeted {
            $0.maxCalls = 2
            $0.maxMessage = 100
        }
        end.feed([try requestFrame(1), try requestFrame(3), try requestFrame(5)])
        #expect(
            end.events.last
                == "refuse 5 RESOURCE_EXHAUSTED notExecuted: 2 calls are already running here")
        end.feed(try cancelFrame(1))
        end.feed(try requestFrame(7))
        #expect(
            end.events.last?.hasPrefix("refuse 7") == true,
            "the slot is free when the handler ended")
        end.finish(1)
        end.feed(try requestFrame(9))
        #expect(end.events.last?.hasPrefix("start 9") == true)
        end.finish(9)
        end.feed(try requestFrame(11) { $0.payload = [UInt8](repeating: 0, count: 101) })
        #expect(end.events.last?.hasPrefix("refuse 11 RESOURCE_EXHAUSTED never") == true)
    }

    @Test("Cancel before and after the end; too many cancels")
    func cancels() throws {
        let end = try greeted { $0.cancelBurst = 4 }
        end.feed([try requestFrame(1), try cancelFrame(1), try cancelFrame(1)])
        #expect(end.events.dropFirst(2) == ["cancel 1"])
        #expect(end.finish(1), "the cancelled call has its Response, too")
        end.feed(try cancelFrame(1))
        #expect(end.events.count == 3)
        end.feed([try cancelFrame(1), try cancelFrame(1)])
        #expect(end.events.count == 3)
        end.feed([try requestFrame(3), try cancelFrame(3)])
        #expect(end.events.last == "cancel 3", "those of running calls are bounded by the calls")
        end.feed(try cancelFrame(1))
        #expect(end.events.last?.contains("more cancels") == true)
    }

    @Test("Pings are answered by the latest nonce; a flood ends the connection")
    func pings() throws {
        let end = try greeted()
        end.feed([try pingFrame(1), try pingFrame(2)])
        #expect(end.takePong() == Frame.Ping(isAcknowledgement: true, nonce: 2))
        #expect(end.takePong() == nil)
        for nonce in 0..<14 { end.feed(try pingFrame(UInt64(nonce))) }
        #expect(!end.isClosed)
        end.advance(.seconds(3))
        for nonce in 0..<3 { end.feed(try pingFrame(UInt64(nonce))) }
        #expect(!end.isClosed)
        end.feed(try pingFrame(9))
        #expect(end.events.last?.contains("pings faster") == true)
    }

    @Test("Deadlines cancel; the server's default stands for none")
    func deadlines() throws {
        let end = try greeted()
        end.feed(try requestFrame(1) { $0.timeoutUs = 1_000_000 })
        end.feed(try requestFrame(3))
        end.feed(try requestFrame(5) { $0.timeoutUs = .max })
        #expect(end.nextTick == Moment(nanoseconds: 1_000_000_000))
        end.advance(.milliseconds(999))
        #expect(end.events.count == 4)
        end.advance(.milliseconds(1))
        #expect(end.events.last == "cancel 1")
        #expect(end.nextTick == Moment(nanoseconds: 10_000_000_000))
        end.advance(.seconds(9))
        #expect(end.events.last == "cancel 3")
        #expect(end.events.count == 6)
        #expect(end.finish(1))
        #expect(end.nextTick == Moment(nanoseconds: 3_600_000_000_000))
    }

    @Test("Hello must come in time, idle connections end")
    func quiet() throws {
        let slow = ServerEnd()
        slow.feed([0, 0])
        #expect(slow.nextTick == Moment(nanoseconds: 5_000_000_000))
        slow.advance(.seconds(5))
        #expect(slow.events.first?.hasPrefix("close 0 DEADLINE_EXCEEDED: no Hello") == true)
        let idle = try greeted()
        idle.feed(try requestFrame(1) { $0.timeoutUs = 3_600_000_000 })
        idle.advance(.seconds(700))
        #expect(!idle.isClosed)
        idle.finish(1)
        idle.advance(.seconds(119))
        #expect(!idle.isClosed)
        idle.advance(.seconds(1))
        #expect(idle.events.last?.hasPrefix("close 1 OK: no call") == true)
        let known = ServerEnd(authenticate: { _ in .service("quota-service") })
        known.feed(try helloFrame())
        known.advance(.seconds(599))
        #expect(!known.isClosed)
        known.advance(.seconds(1))
        #expect(known.isClosed)
    }

    @Test("A peer that does not read is refused, then left")
    func stalled() throws {
        let end = try greeted()
        end.outbound(isOverLimit: true)
        end.feed(try requestFrame(1))
        #expect(end.events.last?.hasPrefix("refuse 1 RESOURCE_EXHAUSTED notExecuted") == true)
        end.feed(try pingFrame(4))
        #expect(end.takePong()?.nonce == 4, "control frames are still processed")
        end.advance(.seconds(9))
        end.outbound(isOverLimit: false)
        end.feed(try requestFrame(3))
        #expect(end.events.last?.hasPrefix("start 3") == true)
        end.outbound(isOverLimit: true)
        end.advance(.seconds(10))
        #expect(end.events.last == "abort")
    }

    @Test(
        "A shutdown: an advice first; when the client knows, later calls are not looked at; then the grace is over"
    )
    func drain() throws {
        let end = try greeted()
        end.feed(try requestFrame(1))
        guard case .goaway(let advice)? = end.drain().first else {
            Issue.record("no GOAWAY")
            return
        }
        #expect(advice.lastID == .max)
        #expect(advice.graceMilliseconds == 10_000)
        #expect(end.drain().isEmpty)
        end.feed(try requestFrame(3))
        #expect(end.events.last?.hasPrefix("start 3") == true, "it crossed the advice")
        end.answerAdvice()
        #expect(end.events.last == "drain 3")
        end.feed(try requestFrame(5))
        #expect(end.events.last == "drain 3")
        #expect(end.finish(1))
        #expect(!end.isDrained)
        end.advance(.seconds(10))
        #expect(end.events.last == "cancel 3")
        #expect(end.finish(3))
        #expect(end.isDrained)
    }

    @Test(
        "A client that does not answer the ping behind the advice is told the last id all the same")
    func silentDrain() throws {
        let end = try greeted()
        end.feed(try requestFrame(1))
        _ = end.drain()
        end.advance(.seconds(1))
        #expect(end.events.last == "drain 1")
    }

    @Test("A handler that does not end holds a shutdown only so long")
    func stubbornHandler() throws {
        let end = try greeted()
        end.feed(try requestFrame(1))
        _ = end.drain()
        end.advance(.seconds(10))
        end.advance(.seconds(5))
        #expect(end.isClosed)
    }

    @Test("When the connection is gone, handlers are cancelled and answers go nowhere")
    func closed() throws {
        let end = try greeted()
        end.feed([try requestFrame(1), try requestFrame(3)])
        #expect(end.closed().count == 2)
        #expect(!end.finish(1))
        #expect(end.runningCalls == 1)
        #expect(!end.finish(3))
        #expect(end.runningCalls == 0)
    }

    @Test("The peer's own limit holds for replies")
    func peerLimits() throws {
        let small = ServerEnd()
        small.feed(try helloFrame { $0.maxMessage = 100 })
        #expect(small.mostReplyBytes == 100)
        let frame = ServerEnd()
        frame.feed(try helloFrame { $0.maxFrame = 64 << 10 + 10 })
        #expect(frame.mostReplyBytes == 32_773)
        let tiny = ServerEnd()
        tiny.feed(try helloFrame { $0.maxFrame = 1 })
        #expect(tiny.mostReplyBytes == 1)
    }
}
