package import Domain
package import Logging
package import Messages
package import RPC
import Secrets
import ServiceLifecycle
import ServiceStubs
import Synchronization

/// Knows for a while who is behind a session, as long as identity-service allows (I9): not every call asks, and an
/// identity-service that hangs holds up nobody whose lease is fresh.
///
/// A lease counts from before the question was sent, so it ends here before it ends there. Kept under the token's hash. While it
/// runs it hears of sessions that ended or changed, drops their leases and says so; identity-service gives leases to nobody else.
package final class SessionLeases: Service {
    /// What is kept at most: two generations of these.
    package static let mostOfAGeneration = 10_000

    private let identity: Identity.IdentityClient
    private let clock: any WallClock
    private let logger: Logger
    private let now: @Sendable () -> Moment
    private let pause: Duration
    private let kept: Mutex<Kept>

    /// - Parameters:
    ///   - identity: the channel to identity-service.
    ///   - clock: the service's, by which sessions expire.
    ///   - now: by which leases end.
    ///   - pause: before it listens again when identity-service was not there.
    package init(
        _ identity: any RPCChannel, clock: any WallClock, logger: Logger,
        now: @escaping @Sendable () -> Moment = { .now }, pause: Duration = .milliseconds(500)
    ) {
        self.identity = Identity.IdentityClient(identity)
        self.clock = clock
        self.logger = logger
        self.now = now
        self.pause = pause
        kept = Mutex(Kept(at: now()))
    }

    /// The user behind the token: as a fresh lease says, or asked.
    /// - Throws: identity-service's refusal, `unauthenticated` for a session that has ended.
    package func resolve(
        _ token: [UInt8], _ context: RequestContext
    ) async throws(RPCError) -> Identity.Session {
        let key = SessionToken.hash(token)
        let asked = now()
        let (session, place) = kept.withLock { ($0.session(key, at: asked), $0.place) }
        if let session, clock.now().milliseconds < session.idleExpiresMs { return session }
        let answer = try await identity.resolveSession(
            Identity.ResolveSessionRequest(session: token, watchID: place.watch))
        if answer.leaseMs > 0 {
            let end = asked + .milliseconds(answer.leaseMs)
            kept.withLock { $0.keep(answer, key, until: end, asked: place, at: asked) }
        }
        return answer
    }

    /// Listens for revocations until cancelled.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var isTold = false
            while !Task.isCancelled {
                // Whatever ends the watch: without one there are no new leases, and the old ones end soon.
                let error = await self.watch()
                let wasOpen = self.kept.withLock { kept in
                    defer { kept.place.watch = 0 }
                    return kept.place.watch != 0
                }
                if wasOpen { isTold = false }
                if !isTold, !Task.isCancelled {
                    isTold = true
                    self.logger.notice(
                        "sessions are asked for one by one: \(error?.description ?? "the watch ended")"
                    )
                }
                try? await Task.sleep(for: self.pause)
            }
        }
    }

    /// Listens until the watch ends.
    /// - Returns: why.
    private func watch() async -> RPCError? {
        do {
            try await identity.watchRevocations { acknowledgements, revocations in
                for try await revocation in revocations {
                    self.kept.withLock { $0.revoke(revocation) }
                    try await acknowledgements.send(
                        Identity.RevocationAcknowledgement(sequence: revocation.sequence))
                }
            }
            return nil
        } catch {
            return error as? RPCError
        }
    }

    /// Where a question stands among the revocations: an answer to an older one may be what they ended.
    private struct Place: Hashable {
        /// The open watch; 0 for none.
        var watch: UInt64 = 0
        var revocations: UInt64 = 0
    }

    /// Two generations: the older one is dropped whole when the younger one is full or has aged.
    private struct Kept {
        private var younger: [[UInt8]: Lease] = [:]
        private var older: [[UInt8]: Lease] = [:]
        private var began: Moment
        var place = Place()

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
            _ session: Identity.Session, _ key: [UInt8], until end: Moment, asked: Place,
            at now: Moment
        ) {
            guard asked == place else { return }
            if younger.count >= SessionLeases.mostOfAGeneration
                || began + SessionLeases.generation < now
            {
                older = younger
                younger = [:]
                began = now
            }
            younger[key] = Lease(session: session, end: end)
        }

        mutating func revoke(_ revocation: Identity.Revocation) {
            place.revocations += 1
            if revocation.watchID != 0 { place.watch = revocation.watchID }
            for key in revocation.tokenHashes {
                younger[key] = nil
                older[key] = nil
            }
        }
    }

    /// No lease is longer, so a generation that is this old when the next begins is out of use when that one is.
    private static let generation = Duration.seconds(5)
}
