import Messages
import RPC

/// Knows of every call what happened to it at both ends, and sees what must not be.
final class Referee {
    /// What a caller is told.
    enum End {
        case answered(RPCError?, payload: [UInt8])
        case unanswered(RetryVerdict)
    }

    private struct Fate {
        var isStarted = false
        var isResponded = false
        var isEnded = false
        var isCalledNotExecuted = false
    }

    private(set) var faults: [String] = []
    /// Empty unless a schedule is told.
    private(set) var story: [String] = []
    let isTelling: Bool
    /// Bytes are changed on their way: whatever follows from them is allowed.
    let isNoisy: Bool
    private var fates: [UInt64: Fate] = [:]
    private var lastBegun: UInt64 = 0
    private var lastStarted: UInt64 = 0
    private var goaway: Frame.Goaway?

    init(isNoisy: Bool, isTelling: Bool) {
        self.isNoisy = isNoisy
        self.isTelling = isTelling
    }

    /// What calls are, by the id that stands for the method.
    static let (unary, serverStream, bidirectional): (UInt32, UInt32, UInt32) = (7, 8, 9)

    /// A stream's messages: the number of each, and some bytes more.
    static func message(_ number: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
            + [UInt8](repeating: 1, count: number * 7 % 60)
    }

    /// The other end of a stream got a message, which must be the next one.
    func received(_ message: [UInt8], number: Int, of id: UInt64, at end: String) {
        note("message \(number) of call \(id) comes to the \(end)")
        if isNoisy { return }
        check(
            message == Self.message(number),
            "message \(number) of call \(id) came to the \(end) as \(message.prefix(2))")
    }

    /// What a call sends, and what its handler answers.
    static func payload(of id: UInt64) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: id >> 1), count: Int((id >> 1) % 40))
    }

    func note(_ text: @autoclosure () -> String) { if isTelling { story.append(text()) } }

    func fault(_ text: String) {
        note("FAULT: \(text)")
        faults.append(text)
    }

    func check(_ isTrue: Bool, _ text: @autoclosure () -> String) {
        if !isTrue { fault(text()) }
    }

    func began(_ id: UInt64) {
        note("call \(id) begins")
        check(!id.isMultiple(of: 2) && id > lastBegun, "id \(id) after \(lastBegun)")
        lastBegun = id
        fates[id] = Fate()
    }

    func started(_ id: UInt64) {
        note("call \(id) starts")
        check(id > lastStarted, "call \(id) started after \(lastStarted)")
        lastStarted = id
        if isNoisy { return }
        check(fates[id] != nil, "call \(id) started and never began")
        check(fates[id]?.isStarted == false, "call \(id) started twice")
        check(fates[id]?.isResponded == false, "call \(id) started after its Response")
        check(
            fates[id]?.isCalledNotExecuted == false,
            "call \(id) started; its caller heard it did not")
        if let goaway {
            check(id <= goaway.lastID, "call \(id) started after GOAWAY \(goaway.lastID)")
        }
        fates[id]?.isStarted = true
    }

    func refused(_ id: UInt64, _ error: RPCError) {
        note("call \(id) is refused: \(error.message)")
        if isNoisy { return }
        check(fates[id]?.isStarted == false, "call \(id) was refused and had started")
        check(error.verdict == .notExecuted, "call \(id) was refused: \(error.message)")
        responded(id)
    }

    func responded(_ id: UInt64) {
        note("call \(id) is responded to")
        if isNoisy { return }
        check(fates[id]?.isResponded == false, "call \(id) has two Responses")
        fates[id]?.isResponded = true
    }

    func serverSent(_ goaway: Frame.Goaway) {
        note("the server sends GOAWAY \(goaway.lastID) \(goaway.code): \(goaway.message)")
        if let earlier = self.goaway, !isNoisy {
            check(goaway.lastID <= earlier.lastID, "a later GOAWAY has a higher last_id")
        }
        self.goaway = goaway
    }

    func clientLearned(_ goaway: Frame.Goaway) { note("the client learns of GOAWAY") }

    /// One end closes the connection. Two good ends never find a violation in each other.
    func accused(_ who: String, _ goaway: Frame.Goaway) {
        note("the \(who) closes: \(goaway.code) \(goaway.message)")
        if isNoisy { return }
        check(
            [.ok, .resourceExhausted, .deadlineExceeded].contains(goaway.code),
            "the \(who) found a violation: \(goaway.message)")
    }

    func ended(_ id: UInt64, _ end: End) {
        note("call \(id) ends: \(end)")
        check(fates[id] != nil, "call \(id) ended and never began")
        check(fates[id]?.isEnded == false, "call \(id) ended twice")
        fates[id]?.isEnded = true
        if isNoisy { return }
        switch end {
        case .answered(nil, let payload):
            check(fates[id]?.isStarted == true, "call \(id) succeeded and never started")
            check(payload == Self.payload(of: id), "call \(id) got another call's answer")
        case .answered(let error?, _):
            if error.verdict == .notExecuted { calledNotExecuted(id) }
        case .unanswered(let verdict): if verdict == .notExecuted { calledNotExecuted(id) }
        }
    }

    private func calledNotExecuted(_ id: UInt64) {
        check(fates[id]?.isStarted == false, "call \(id) ran; its caller hears that it did not")
        fates[id]?.isCalledNotExecuted = true
    }

    /// At the end of a schedule.
    func checkAllEnded() {
        for id in fates.keys.sorted() where fates[id]?.isEnded == false {
            fault("call \(id) never ended")
        }
    }
}

/// Both ends of a connection, joined by two pipes, under a clock of their own: what happens next is
/// chosen by a seed, and is the same each time.
final class Schedule {
    private var numbers: SeededNumbers
    private var now = Moment(nanoseconds: 1_000_000_000)
    private let client: ScheduledClient
    private let server: ScheduledServer
    let referee: Referee
    private let steps: Int

    /// - Parameter isTelling: keeps a story of what happens.
    init(seed: UInt64, isTelling: Bool = false) {
        var numbers = SeededNumbers(seed: seed)
        referee = Referee(
            isNoisy: Int.random(in: 0..<10, using: &numbers) == 0, isTelling: isTelling)
        client = ScheduledClient(
            limits: Self.limits(&numbers), referee: referee, now: now)
        server = ScheduledServer(
            limits: Self.limits(&numbers), referee: referee, now: now)
        steps = Int.random(in: 20...300, using: &numbers)
        self.numbers = numbers
    }

    private static func limits(_ numbers: inout SeededNumbers) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maxCalls = Int.random(in: 1...8, using: &numbers)
        limits.maxFrame = 4096
        limits.cancelBurst = Int.random(in: 1...60, using: &numbers)
        limits.outboundBytes = Int.random(in: 50...2000, using: &numbers)
        limits.outboundStall = .milliseconds(Int.random(in: 1...20_000, using: &numbers))
        limits.grace = .milliseconds(Int.random(in: 0...10_000, using: &numbers))
        limits.streamWindow = Int.random(in: 1...400, using: &numbers)
        limits.connectionWindow = Int.random(in: 1...1000, using: &numbers)
        limits.idle = .milliseconds(Int.random(in: 1...600_000, using: &numbers))
        limits.handshake = .milliseconds(Int.random(in: 1...20_000, using: &numbers))
        return limits
    }

    /// Plays the schedule.
    /// - Returns: what must not have been; empty when all is well.
    func run() throws -> [String] {
        for _ in 0..<steps where referee.faults.isEmpty { try step() }
        if referee.faults.isEmpty { rest() }
        if referee.faults.isEmpty { referee.checkAllEnded() }
        return referee.faults
    }

    private func random(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &numbers)
    }

    private func step() throws {
        switch random(0...99) {
        case 0..<16:
            client.begin(
                [Referee.unary, Referee.serverStream, Referee.bidirectional][random(0...2)],
                deadline: now + randomTime(), now: now, isPacked: random(0...19) > 0,
                owing: random(0...20))
        case 16..<20: client.sendMessage(random(0...7))
        case 20..<23: server.sendMessage(random(0...7))
        case 23: client.takeMessages(random(0...7), most: random(1...5))
        case 24: server.takeMessages(random(0...7), most: random(1...5))
        case 25..<29: client.abandon(random(0...7))
        case 29..<40: client.flush()
        case 40..<52: server.flush(now: now)
        case 52..<65: deliverToServer(random(1...200))
        case 65..<78: deliverToClient(random(1...200))
        case 78..<88: server.finish(random(0...7), now: now)
        case 88..<95: passTime()
        case 95: client.ping(numbers.next())
        case 96: server.ping(numbers.next())
        case 97:
            let window = Wire.Window(maxCalls: UInt32(random(0...8)))
            server.pack(try framed(Wire.Envelope(body: .window(window))))
        case 98: endLingering()
        default: happenRarely()
        }
    }

    /// From microseconds to minutes, each magnitude as likely as the others.
    private func randomTime() -> Duration {
        .nanoseconds(Int64(random(1...9)) << Int64(random(8...34)))
    }

    private func passTime() {
        let next = [client.nextTick, server.nextTick].compactMap { $0 }.min()
        if let next, random(0...2) == 0 { now = max(now, next) } else { now = now + randomTime() }
        referee.note("it is \(now.nanoseconds)")
        // Timers come late and in any order.
        if random(0...1) == 0 {
            server.tick(at: now)
            if random(0...2) > 0 { client.tick(at: now) }
        } else {
            client.tick(at: now)
            if random(0...2) > 0 { server.tick(at: now) }
        }
    }

    private func happenRarely() {
        switch random(0...5) {
        case 0...2: server.drain(now: now)
        case 3:
            referee.note("the connection is lost")
            client.lose()
            server.lose()
        default:
            guard referee.isNoisy else { return }
            if !client.outgoing.bytes.isEmpty {
                client.outgoing.flipBit(random(0...client.outgoing.bytes.count * 8 - 1))
            }
            if !server.outgoing.bytes.isEmpty {
                server.outgoing.flipBit(random(0...server.outgoing.bytes.count * 8 - 1))
            }
        }
    }

    private func deliverToServer(_ most: Int) {
        if server.phase == .closed { client.outgoing.cut() }
        server.read(client.outgoing.read(most), now: now)
        if client.outgoing.isEnded, client.outgoing.bytes.isEmpty { server.lose() }
    }

    private func deliverToClient(_ most: Int) {
        if client.phase == .closed { server.outgoing.cut() }
        client.read(server.outgoing.read(most), now: now)
        server.watchOutbound(now: now)
        if server.outgoing.isEnded, server.outgoing.bytes.isEmpty { client.lose() }
    }

    /// An end that has sent its last frame waits only so long for the other.
    private func endLingering() {
        if client.phase == .lingering { client.lose() }
        if server.phase == .lingering { server.lose() }
    }

    /// Lets everything come to its end: what is sent arrives, handlers end, timers are in time.
    private func rest() {
        referee.note("rest")
        for _ in 0..<5000 where referee.faults.isEmpty {
            client.flush()
            server.flush(now: now)
            deliverToServer(.max)
            deliverToClient(.max)
            // Streams send all that they owe, as fast as flow control lets them.
            for index in 0..<8 {
                client.sendMessage(index)
                server.sendMessage(index)
                client.takeMessages(index, most: .max)
                server.takeMessages(index, most: .max)
            }
            while let index = server.handlers.firstIndex(where: \.isDone) {
                server.finish(index, now: now)
            }
            if isSettled { return }
            if client.hasPacked || server.hasPacked || client.isSending || server.isSending {
                continue
            }
            checkNobodyIsBlocked()
            if !client.outgoing.bytes.isEmpty || !server.outgoing.bytes.isEmpty { continue }
            if let next = [client.nextTick, server.nextTick].compactMap({ $0 }).min() {
                now = max(now, next)
                client.tick(at: now)
                server.tick(at: now)
            } else {
                endLingering()
            }
        }
        referee.check(
            !referee.faults.isEmpty,
            "nothing moves any more, and \(client.waiting.count) callers wait")
    }

    /// Everything has arrived and was taken: whoever still waits for room waits for ever.
    private func checkNobodyIsBlocked() {
        // What was taken may be worth a grant.
        client.flush()
        server.flush(now: now)
        guard !referee.isNoisy, client.outgoing.bytes.isEmpty, server.outgoing.bytes.isEmpty else {
            return
        }
        let stuck =
            server.blocked.intersection(client.receiving).union(
                client.blocked.intersection(server.receiving))
        referee.check(stuck.isEmpty, "calls \(stuck.sorted()) wait for room, and all was taken")
    }

    private var isSettled: Bool {
        client.waiting.isEmpty && client.openCalls == 0 && server.handlers.isEmpty
            && client.outgoing.bytes.isEmpty && server.outgoing.bytes.isEmpty
            && !client.hasPacked && !server.hasPacked
    }
}
