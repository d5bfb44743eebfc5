import Domain
import Logging
import MessageCoding
import Messages
import RPC
import Secrets
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
        leases = SessionLeases(
            identity, clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { [identity] in
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

/// What a service drops because identity-service says so.
@Suite struct RevocationTests {
    /// identity-service as a watcher meets it.
    private final class Watched: Sendable {
        let questions = Mutex<[Identity.ResolveSessionRequest]>([])
        let acknowledged: AsyncStream<UInt64>
        private let heard: AsyncStream<UInt64>.Continuation
        private let hashes: AsyncStream<[UInt8]>
        private let revoking: AsyncStream<[UInt8]>.Continuation

        init() {
            (acknowledged, heard) = AsyncStream.makeStream()
            (hashes, revoking) = AsyncStream.makeStream()
        }

        func revoke(_ hash: [UInt8]) { revoking.yield(hash) }

        var channel: any RPCChannel {
            var routes = RouteTable()
            routes.unary(Identity.IdentityMethod.resolveSession.method) {
                (request: Identity.ResolveSessionRequest, _: RequestContext) async throws
                    -> Identity.Session in
                self.questions.withLock { $0.append(request) }
                return Identity.Session(personID: "p", idleExpiresMs: .max, leaseMs: 5_000)
            }
            routes.bidirectional(Identity.IdentityMethod.watchRevocations.method) {
                (
                    requests: RequestStream<Identity.RevocationAcknowledgement>,
                    replies: ReplyWriter<Identity.Revocation>, _: RequestContext
                ) async throws -> Void in
                try await self.serve(requests, replies)
            }
            return InProcessChannel(
                routes: routes, admission: { _ in },
                peer: Peer(name: "quota-service/1@0.1", isAuthenticated: true),
                logger: Logger(label: "test"))
        }

        private func serve(
            _ requests: RequestStream<Identity.RevocationAcknowledgement>,
            _ replies: ReplyWriter<Identity.Revocation>
        ) async throws {
            var acknowledgements = requests.makeAsyncIterator()
            try await replies.send(Identity.Revocation(watchID: 7))
            heard.yield(try await acknowledgements.next()?.sequence ?? .max)
            var sequence: UInt64 = 0
            for await hash in hashes {
                sequence += 1
                try await replies.send(
                    Identity.Revocation(sequence: sequence, tokenHashes: [hash]))
                heard.yield(try await acknowledgements.next()?.sequence ?? .max)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatIsRevokedIsDroppedBeforeItIsAcknowledged() async throws
    {
        let watched = Watched()
        let clock = try DevelopmentClock(startingAt: "2022-04-19T09:00+08:00")
        let leases = SessionLeases(
            watched.channel, clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let token = [UInt8](repeating: 1, count: 32)
        let context = RequestContext(
            method: Quota.QuotaMethod.listRecords.method,
            peer: Peer(name: "portal/1@1", isAuthenticated: false), metadata: Metadata(),
            deadline: .now + .seconds(60))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await leases.run() }
            var acknowledged = watched.acknowledged.makeAsyncIterator()
            let first = await acknowledged.next()
            #expect(first == 0)
            for _ in 0..<3 { _ = try await leases.resolve(token, context) }
            #expect(watched.questions.withLock { $0.map(\.watchID) } == [7])
            watched.revoke(SessionToken.hash(token))
            let second = await acknowledged.next()
            #expect(second == 1)
            for _ in 0..<3 { _ = try await leases.resolve(token, context) }
            #expect(watched.questions.withLock { $0.count } == 2)
            group.cancelAll()
        }
    }
}
