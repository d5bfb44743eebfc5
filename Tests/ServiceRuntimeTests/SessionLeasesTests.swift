import Domain
import Logging
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Synchronization
import Testing

/// How long a service believes what identity-service said (I9).
@Suite struct SessionLeasesTests {
    /// Stands for identity-service.
    private final class Identity_: RPCChannel {
        let questions = Mutex(0)
        let lease = Mutex<Int64>(5_000)
        let idleExpires = Mutex<Int64>(.max)
        let hangs = Mutex(false)
        let time = Mutex(Moment(nanoseconds: 0))

        func unary<Request: Message, Reply: Message>(
            _ method: RPCMethod, _ request: Request, options: CallOptions
        ) async throws(RPCError) -> Reply {
            questions.withLock { $0 += 1 }
            if hangs.withLock({ $0 }) {
                throw RPCError(code: .deadlineExceeded, message: "no answer")
            }
            let answer = Identity.Session(
                personID: "p", role: .unitReviewer, idleExpiresMs: idleExpires.withLock { $0 },
                leaseMs: lease.withLock { $0 })
            guard let reply = answer as? Reply else {
                throw RPCError(code: .unimplemented, message: "only ResolveSession")
            }
            // The answer takes a second.
            time.withLock { $0 = $0 + .seconds(1) }
            return reply
        }

        var asked: Int { questions.withLock { $0 } }
        func pass(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
    }

    private let identity = Identity_()
    private let clock: DevelopmentClock
    private let leases: SessionLeases

    init() throws {
        clock = try DevelopmentClock(startingAt: "2022-04-19T09:00+08:00")
        leases = SessionLeases(identity, clock: clock) { [identity] in
            identity.time.withLock { $0 }
        }
    }

    private func resolve(_ token: UInt8 = 1) async throws(RPCError) {
        let context = RequestContext(
            method: Quota.QuotaMethod.listRecords.method,
            peer: Peer(name: "portal/1@1", isAuthenticated: false), metadata: Metadata(),
            deadline: .now + .seconds(10))
        _ = try await leases.resolve([UInt8](repeating: token, count: 32), context)
    }

    @Test func oneQuestionServesTheCallsOfALease() async throws {
        for _ in 0..<5 { try await resolve() }
        #expect(identity.asked == 1)
        try await resolve(2)
        #expect(identity.asked == 2)
    }

    @Test func aLeaseCountsFromBeforeTheQuestion() async throws {
        try await resolve()
        identity.pass(.milliseconds(3_999))
        try await resolve()
        #expect(identity.asked == 1)
        identity.pass(.milliseconds(1))
        try await resolve()
        #expect(identity.asked == 2)
    }

    @Test func aHangingIdentityServiceHoldsUpNobodyWithAFreshLease() async throws {
        try await resolve()
        identity.hangs.withLock { $0 = true }
        try await resolve()
        await #expect(throws: RPCError.self) { try await resolve(2) }
        identity.pass(.seconds(5))
        await #expect(throws: RPCError.self) { try await resolve() }
    }

    @Test func whatIsNoLeaseIsAskedAgain() async throws {
        identity.lease.withLock { $0 = 0 }
        try await resolve()
        try await resolve()
        #expect(identity.asked == 2)
    }

    @Test func aSessionThatExpiresMeanwhileIsAskedAbout() async throws {
        identity.idleExpires.withLock { $0 = clock.now().milliseconds + 60_000 }
        try await resolve()
        clock.advance(by: .seconds(61))
        try await resolve()
        #expect(identity.asked == 2)
    }

    @Test func asManyAreKeptAsThereIsRoomFor() async throws {
        try await resolve(1)
        for number in 0..<2 * SessionLeases.mostOfAGeneration {
            var token = [UInt8](repeating: 9, count: 32)
            for byte in 0..<4 { token[byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
            identity.time.withLock { $0 = Moment(nanoseconds: 0) }
            let context = RequestContext(
                method: Quota.QuotaMethod.listRecords.method,
                peer: Peer(name: "portal/1@1", isAuthenticated: false), metadata: Metadata(),
                deadline: .now + .seconds(10))
            _ = try await leases.resolve(token, context)
        }
        let asked = identity.asked
        try await resolve(1)
        #expect(identity.asked == asked + 1)
    }
}
