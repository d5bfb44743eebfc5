import Domain
import Logging
import MessageCoding
import Messages
import RPC
import Secrets
import ServiceRuntime
import ServiceStubs
import Storage

/// Decodes, calls the rules, encodes: what every part of the handler needs.
struct IdentityHandler: Identity.IdentityProvider {
    let database: Database
    let clock: any WallClock
    let personal: PersonalData
    let hasher: PasswordHasher
    let providers: [any IdentityProvider]
    let callbacks: CallbackList
    let throttle: SignInThrottle
    let keeper: SessionKeeper
    let leases: LeaseBook
    let logger: Logger
    /// Nil when the deployment has not connected declaration-service.
    let openDeclarations: OpenDeclarations?
    /// The services that are told when a unit's officers change, or it is merged: those that the deployment has connected.
    let reviewers: [(service: String, client: Identity.OfficerChangesClient)]
    let ids: @Sendable () -> String
    let randomToken: @Sendable () -> [UInt8]
    let initialPassword: @Sendable () -> String

    /// The services that keep what units review.
    static let reviewing = ["archive-service", "declaration-service"]

    /// For a command that changes a unit's officers.
    func announcement() -> OfficerAnnouncement {
        OfficerAnnouncement(
            receivers: reviewers.map { ($0.service, Array(randomToken().prefix(16))) })
    }

    /// The caller's session; the access rule of the method admits nobody without one.
    func session(_ context: RequestContext) throws(RPCError) -> Identity.Session {
        guard let session = context.caller.session else {
            throw RPCError(code: .unauthenticated, message: "请先登录")
        }
        return session
    }

    /// For methods that are open before the unit is submitted, but not before the password is changed.
    func requireOwnPassword(_ session: Identity.Session) throws(RPCError) {
        guard session.mustChangePassword else { return }
        throw RPCError(
            code: .failedPrecondition, message: "首次登录须先修改初始密码 (Identity/ChangePassword)")
    }

    /// The hash under which the caller's session is stored.
    func tokenHash(_ context: RequestContext) throws(RPCError) -> [UInt8] {
        guard let token = context.session else {
            throw RPCError(code: .unauthenticated, message: "请先登录")
        }
        return SessionToken.hash(token)
    }

    /// Runs what may fail with a refusal outside of a command.
    func refusing<Value>(
        _ body: () throws(Refusal) -> Value
    ) throws(RPCError) -> Value {
        do {
            return try body()
        } catch {
            throw RPCError(serviceError: error)
        }
    }

    /// Runs what seals, opens or hashes personal data.
    func guarding<Value>(_ body: () throws -> Value) throws(RPCError) -> Value {
        do {
            return try body()
        } catch {
            throw RPCError(serviceError: error)
        }
    }
}

extension IdentityHandler {
    /// As `Database.perform`, for requests that hold numbers which could be guessed from a plain hash.
    func performPrivately<C: Command>(
        _ command: C, for request: some Message, context: RequestContext
    ) async throws(RPCError) -> C.Reply where C.Reply: Message {
        guard let key = context.idempotencyKey else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(context.method.name) changes data and needs an idempotency key",
                verdict: .never)
        }
        do {
            return try await database.execute(
                command,
                once: .request(
                    principal: context.caller.principal, method: context.method.name,
                    key: key.bytes, hash: personal.requestHash(try request.encodedBytes()),
                    keepForever: false))
        } catch {
            throw RPCError(serviceError: error)
        }
    }
}
