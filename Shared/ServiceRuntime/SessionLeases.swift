package import Domain
package import Messages
package import RPC
import Secrets
import ServiceStubs
import Synchronization

/// Knows for a while who is behind a session, as long as identity-service allows (I9): not every call asks, and an
/// identity-service that hangs holds up nobody whose lease is fresh.
///
/// A lease counts from before the question was sent, so it ends here before it ends there. Kept under the token's hash.
package final class SessionLeases: Sendable {
    /// What is kept at most: two generations of these.
    package static let mostOfAGeneration = 10_000

    private let identity: Identity.IdentityClient
    private let clock: any WallClock
    private let now: @Sendable () -> Moment
    private let kept: Mutex<Kept>

    /// - Parameters:
    ///   - identity: the channel to identity-service.
    ///   - clock: the service's, by which sessions expire.
    ///   - now: by which leases end.
    package init(
        _ identity: any RPCChannel, clock: any WallClock,
        now: @escaping @Sendable () -> Moment = { .now }
    ) {
        self.identity = Identity.IdentityClient(identity)
        self.clock = clock
        self.now = now
        kept = Mutex(Kept(at: now()))
    }

    /// The user behind the token: as a fresh lease says, or asked.
    /// - Throws: identity-service's refusal, `unauthenticated` for a session that has ended.
    package func resolve(
        _ token: [UInt8], _ context: RequestContext
    ) async throws(RPCError) -> Identity.Session {
        let key = SessionToken.hash(token)
        let asked = now()
        if let session = kept.withLock({ $0.session(key, at: asked) }),
            clock.now().milliseconds < session.idleExpiresMs
        {
            return session
        }
        let session = try await identity.resolveSession(
            Identity.ResolveSessionRequest(session: token))
        if session.leaseMs > 0 {
            let end = asked + .milliseconds(session.leaseMs)
            kept.withLock { $0.keep(session, key, until: end, at: asked) }
        }
        return session
    }

    /// Two generations: the older one is dropped whole when the younger one is full or has aged.
    private struct Kept {
        private var younger: [[UInt8]: Lease] = [:]
        private var older: [[UInt8]: Lease] = [:]
        private var began: Moment

        struct Lease {
            let session: Identity.Session
            let end: Moment
        }

        init(at now: Moment) { began = now }

        func session(_ key: [UInt8], at now: Moment) -> Identity.Session? {
            guard let lease = younger[key] ?? older[key], now < lease.end else { return nil }
            return lease.session
        }

        mutating func keep(
            _ session: Identity.Session, _ key: [UInt8], until end: Moment, at now: Moment
        ) {
            if younger.count >= SessionLeases.mostOfAGeneration
                || began + SessionLeases.generation < now
            {
                older = younger
                younger = [:]
                began = now
            }
            younger[key] = Lease(session: session, end: end)
        }
    }

    /// No lease is longer, so a generation that is this old when the next begins is out of use when that one is.
    private static let generation = Duration.seconds(5)
}
