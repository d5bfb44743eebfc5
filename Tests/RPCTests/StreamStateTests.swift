import Messages
import Testing

@testable import RPC

@Suite("Streams at the server's end")
struct ServerStreamTests {
    private func streaming() throws -> ServerEnd {
        let end = ServerEnd()
        end.feed(try helloFrame())
        end.feed(
            try requestFrame(1) {
                $0.open = true
                $0.payload = []
            })
        return end
    }

    @Test("Messages, then the end; with the last message or alone")
    func messages() throws {
        let end = try streaming()
        end.feed([try dataFrame(1), try dataFrame(1) { $0.payload = [] }])
        end.feed(try dataFrame(1) { $0.end = true })
        #expect(end.events.suffix(3) == ["data 1 [9]", "data 1 []", "data 1 [9] end"])
        end.feed(try dataFrame(1))
        #expect(end.isClosed, "nothing comes after the end")
        let other = try streaming()
        other.feed(
            try dataFrame(1) {
                $0.end = true
                $0.noMessage = true
                $0.payload = []
            })
        #expect(other.events.last == "data 1 nothing end")
    }

    @Test("An open Request carries no payload")
    func openWithPayload() throws {
        let end = ServerEnd()
        end.feed(try helloFrame())
        end.feed(try requestFrame(1) { $0.open = true })
        #expect(end.events.last?.hasPrefix("refuse 1 INVALID_ARGUMENT never") == true)
        end.feed(try dataFrame(1))
        #expect(!end.isClosed, "Data of a refused call is ignored")
    }

    @Test("What compresses is refused by name")
    func codec() throws {
        let end = try streaming()
        end.feed(try dataFrame(1) { $0.codec = 1 })
        #expect(end.events.last?.contains("compression") == true)
    }

    @Test("A sender that does not keep to the window is closed; one message may overshoot it")
    func violation() throws {
        let end = try streaming()
        let large = [UInt8](repeating: 1, count: 300 << 10)
        end.feed(try dataFrame(1) { $0.payload = large })
        #expect(!end.isClosed, "the window was open")
        end.feed(try dataFrame(1))
        #expect(end.isClosed)
        #expect(end.events.last?.contains("more Data than the window of call 1") == true)
    }

    @Test("What was taken is granted again, in totals and not for each message")
    func grants() throws {
        let end = try streaming()
        let frame = try dataFrame(1) { $0.payload = [UInt8](repeating: 1, count: 64 << 10) }
        let byteCount = frame.count - 4
        end.feed(frame)
        end.consumed(byteCount, of: 1)
        #expect(end.takeGrants().isEmpty, "not worth a frame")
        end.feed(frame)
        end.consumed(byteCount, of: 1)
        let grants = end.takeGrants()
        #expect(grants.map(\.id) == [1])
        #expect(grants.first?.total == UInt64(256 << 10 + 2 * byteCount))
        #expect(end.takeGrants().isEmpty)
    }

    @Test("Data of a finished call is granted back to the connection")
    func lateData() throws {
        let end = try streaming()
        let frame = try dataFrame(1) { $0.payload = [UInt8](repeating: 1, count: 200 << 10) }
        end.feed(frame)
        end.finish(1)
        var total: UInt64 = 0
        for _ in 0..<30 {
            end.feed(frame)
            for grant in end.takeGrants() {
                #expect(grant.id == 0)
                total = grant.total
            }
        }
        #expect(!end.isClosed)
        #expect(total > UInt64(4 << 20 + 3 << 20))
    }

    @Test("The client's windows hold: the call's, the connection's, and its Hello's")
    func sending() throws {
        let end = ServerEnd()
        end.feed(
            try helloFrame {
                $0.streamWindow = 100
                $0.connWindow = 150
            })
        for id in [UInt64(1), 3] {
            end.feed(
                try requestFrame(id) {
                    $0.open = true
                    $0.payload = []
                })
        }
        #expect(end.outlook(1) == .open)
        end.sentData(120, of: 1)
        #expect(end.outlook(1) == .waitsForCall)
        #expect(end.outlook(3) == .open)
        end.sentData(60, of: 3)
        #expect(end.outlook(3) == .waitsForConnection)
        end.feed(try windowFrame(1, 200))
        #expect(end.events.last == "resume 1")
        #expect(end.outlook(1) == .waitsForConnection)
        end.feed([try windowFrame(0, 400), try windowFrame(0, 400), try windowFrame(0, 10)])
        #expect(end.events.filter { $0 == "resume 0" }.count == 1, "totals, not increments")
        #expect(end.outlook(3) == .open)
        end.feed(try windowFrame(1, .max))
        end.finish(1)
        #expect(end.outlook(1) == .waitsForCall, "the call has ended")
    }
}

@Suite("Streams at the client's end")
struct ClientStreamTests {
    @Test("Data of a stream is delivered, of other calls a violation")
    func data() throws {
        let end = ClientEnd()
        end.feed(try helloFrame())
        let stream = try #require(end.begin(deadline: end.now + .seconds(9)))
        end.openStream(stream, receives: true)
        let unary = try #require(end.begin(deadline: end.now + .seconds(9)))
        end.sent()
        end.feed(try dataFrame(stream.id))
        #expect(end.events.last == "data \(stream.id) [9]")
        end.feed(try responseFrame(stream.id) { $0.payload = [] })
        end.feed(try dataFrame(stream.id))
        #expect(!end.isClosed, "late Data of an ended call")
        end.feed(try dataFrame(unary.id))
        #expect(end.isClosed)
    }

    @Test("A server's Data does not end a stream")
    func serverEnd() throws {
        let end = ClientEnd()
        end.feed(try helloFrame())
        let stream = try #require(end.begin(deadline: end.now + .seconds(9)))
        end.openStream(stream, receives: true)
        end.feed(try dataFrame(stream.id) { $0.end = true })
        #expect(end.isClosed)
    }
}

@Suite("Flow control")
struct FlowWindowTests {
    @Test(
        "With any sizes and any order of taking, sender and receiver never come to a stop",
        arguments: 0..<200)
    func progress(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let size = Int.random(in: 1...5000, using: &random)
        var sender = SendWindow(size)
        var receiver = ReceiveWindow(size)
        var inFlight: [Int] = []
        var queued: [Int] = []
        var grants: [UInt64] = []
        var sent = 0
        for _ in 0..<2_000 {
            if sender.isOpen {
                let count = Int.random(in: 1...8000, using: &random)
                sender.send(count)
                inFlight.append(count)
                sent += 1
            }
            if Bool.random(using: &random), !inFlight.isEmpty {
                let count = inFlight.removeFirst()
                let isWithin = receiver.receive(count)
                #expect(isWithin, "a sender that keeps to its window violates the receiver's")
                queued.append(count)
            }
            if Bool.random(using: &random), !queued.isEmpty {
                receiver.consume(queued.removeFirst())
            }
            if let total = receiver.takeGrant() { grants.append(total) }
            if Bool.random(using: &random), !grants.isEmpty {
                // Late, lost to a later one, or twice: all the same.
                _ = sender.grant(upTo: grants.randomElement(using: &random) ?? 0)
                if let last = grants.last, Bool.random(using: &random) {
                    _ = sender.grant(upTo: last)
                }
            }
            #expect(receiver.unconsumed <= size + 8000)
        }
        for count in inFlight {
            let isWithin = receiver.receive(count)
            #expect(isWithin)
            receiver.consume(count)
        }
        for count in queued { receiver.consume(count) }
        #expect(receiver.unconsumed == 0)
        if let total = receiver.takeGrant() { grants.append(total) }
        if let last = grants.last { _ = sender.grant(upTo: last) }
        #expect(sender.isOpen, "everything was taken, and the sender may not send")
        #expect(sent > 10)
    }
}
