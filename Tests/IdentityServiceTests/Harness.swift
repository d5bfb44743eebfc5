import Domain
import Logging
import MessageCoding
import Messages
import RPC
import Secrets
import ServiceRuntime
import ServiceStubs
import Storage
import Synchronization
import TestSupport
import Testing

@testable import IdentityService

/// The whole service on a database of its own, called through the in-process channel.
struct Harness: Sendable {
    let test: TestEnvironment
    let provider = StubProvider()
    let keeper: SessionKeeper
    /// By which leases end: who waits for that moves it.
    let time = ManualTime()
    let leases: LeaseBook
    /// Keys of the persons who have a declaration in flight.
    let declarations = DeclarationsInFlight()
    /// What waits at units in the services that review.
    let waiting = WaitingAtUnits()
    private let assembly: ServiceAssembly

    /// - Parameter openID: the second protocol, for the tests that speak it.
    ///   `knowsDeclarations`: whether declaration-service is connected.
    ///   `reviewers`: services that are told of changes of officers; what they are told stays in the outbox.
    init(
        openID: OpenIDProvider? = nil, knowsDeclarations: Bool = true, reviewers: [String] = []
    ) throws {
        let (declarations, waiting) = (declarations, waiting)
        let isOpen: OpenDeclarations = { key throws(RPCError) in
            declarations.keys.withLock { $0.contains(key) }
        }
        let test = try TestEnvironment(
            name: "identity-service", migrations: identityMigrations,
            clockStart: "2022-04-19T09:00+08:00")
        self.test = test
        keeper = SessionKeeper(database: test.environment.database, logger: test.environment.logger)
        leases = LeaseBook(
            afterRestart: false, now: { [time] in time.now },
            sleep: { [time] in time.advance(by: $0) })
        assembly = assemble(
            test.environment, providers: [provider] + (openID.map { [$0] } ?? []),
            callbacks: CallbackList([HTTPAddress(Harness.callback)].compactMap { $0 }),
            hasher: .cheapForTests, keeper: keeper,
            leases: leases,
            openDeclarations: knowsDeclarations ? isOpen : nil,
            reviewers: reviewers.map { ($0, Identity.OfficerChangesClient(waiting)) })
    }

    static let callback = "http://127.0.0.1/callback"

    var clock: DevelopmentClock { test.clock }
    var database: Database { test.environment.database }

    /// A channel of that peer ("zhicheng" with the service key; nil = anonymous) with that session.
    /// - Parameter stranger: the name that an anonymous peer claims.
    func channel(
        _ session: [UInt8]? = nil, as peer: String? = nil, stranger: String = "a-portal",
        from address: [UInt8] = []
    ) -> any RPCChannel {
        var known =
            peer.map { Peer(name: "\($0)/1@0.1", isAuthenticated: true) }
            ?? Peer(name: "\(stranger)/1@0.1", isAuthenticated: false)
        known.network = PeerNetwork(address: address)
        return SessionChannel(base: test.channel(assembly, peer: known), session: session)
    }

    /// What the service does not stand, sent by those sessions, by services, by nobody.
    func complaints(_ sessions: [(String, [UInt8])], ids: [String]) async throws -> [String] {
        let services = ["declaration-service", "zhicheng"]
        let callers =
            sessions.map { BadInput.Caller($0.0, channel($0.1)) }
            + services.map { BadInput.Caller($0, channel(as: $0)) }
            + [
                BadInput.Caller("nobody", channel()),
                BadInput.Caller("an ended session", channel(Array(repeating: 0xEE, count: 32))),
            ]
        // An account needs a name and a role, no more. Signing out needs nothing but a session, and ends it.
        let mayChange: [Identity.IdentityMethod] = [.createAccount, .resetPassword]
        return try await test.complaints(
            BadInput(
                callers: callers, ids: ids, mayChange: Set(mayChange.map(\.rawValue)),
                omitted: [Identity.IdentityMethod.signOut.rawValue]), about: assembly)
    }

    func identity(
        _ session: [UInt8]? = nil, as peer: String? = nil
    ) -> Identity.IdentityClient {
        Identity.IdentityClient(channel(session, as: peer))
    }

    func tasks(_ session: [UInt8]) -> Tasks.TaskSourceClient {
        Tasks.TaskSourceClient(channel(session))
    }

    var operator_: Identity.IdentityClient { identity(as: "zhicheng") }
    var service: Identity.IdentityClient { identity(as: "declaration-service") }

    /// One row of one number.
    func number(_ sql: String, _ arguments: [Value] = []) throws -> Int64 {
        try database.read { rows in
            try rows.row(Statement("SELECT (\(sql)) AS n", arguments))?.integer("n") ?? -1
        }
    }
}

/// The services that review: they say what waits at a unit, and are not there for anything else.
final class WaitingAtUnits: RPCChannel {
    private let counts = Mutex<[String: [Common.ViewCount]]>([:])

    func set(_ waiting: [Common.ViewCount], at unit: String) {
        counts.withLock { $0[unit] = waiting }
    }

    func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        guard let request = request as? Identity.HoldUnitRequest,
            let reply = Identity.HoldUnitReply(
                waiting: counts.withLock { $0[request.unitID] ?? [] }) as? Reply
        else { throw RPCError(code: .unavailable, message: "nobody is there") }
        return reply
    }
}

/// Vouches for whom the test says, by ticket.
final class StubProvider: IdentityProvider {
    private let agents = Mutex<[String: Result<VouchedAgent, ProviderError>]>([:])
    let name = MinzhengtongProvider.issuer

    func loginAddress(_ attempt: LoginAttempt) -> String {
        "http://provider/login?redirect=\(attempt.redirect)&state=\(attempt.state)"
    }

    func exchange(
        _ ticket: String, of attempt: LoginAttempt
    ) async throws(ProviderError) -> VouchedAgent {
        guard let answer = agents.withLock({ $0[ticket] }) else {
            throw ProviderError(.refusedTicket, "no such ticket")
        }
        return try answer.get()
    }

    func answer(_ ticket: String, _ answer: Result<VouchedAgent, ProviderError>) {
        agents.withLock { $0[ticket] = answer }
    }
}

/// Valid ID numbers of nobody: county 350199 does not exist.
func inventedNumber(birth: String, sequence: Int) -> String {
    let digits = String(sequence)
    let body = "350199" + birth + String(repeating: "0", count: 3 - digits.count) + digits
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    let sum = zip(body.utf8, weights).reduce(0) { $0 + Int($1.0 - 0x30) * $1.1 }
    return body + String(Array("10X98765432")[sum % 11])
}

// MARK: - The manual's people

extension VouchedAgent {
    static let school = VouchedAgent(
        issuer: MinzhengtongProvider.issuer, subject: "mzt-agent-1", name: "陈经办",
        idNumber: inventedNumber(birth: "19810606", sequence: 904), phone: "13900000001",
        unitName: "福州市第一中学", uscc: "12350100488000011A", legalRepresentativeName: "林校长",
        legalRepresentativeIDNumber: inventedNumber(birth: "19680101", sequence: 903))

    static let company = VouchedAgent(
        issuer: MinzhengtongProvider.issuer, subject: "mzt-agent-2", name: "郑经办",
        idNumber: inventedNumber(birth: "19720820", sequence: 902), phone: "13900000002",
        unitName: "福州演示工程有限公司", uscc: "91350100MA2XYU120Y", legalRepresentativeName: "黄董事",
        legalRepresentativeIDNumber: inventedNumber(birth: "19700215", sequence: 901))

    /// The same unit, another person.
    func agent(_ subject: String, name: String, sequence: Int) -> VouchedAgent {
        VouchedAgent(
            issuer: issuer, subject: subject, name: name,
            idNumber: inventedNumber(birth: "19850505", sequence: sequence),
            phone: "13900000009", unitName: unitName, uscc: uscc,
            legalRepresentativeName: legalRepresentativeName,
            legalRepresentativeIDNumber: legalRepresentativeIDNumber)
    }
}

extension Identity.UnitDetails {
    static let school = Identity.UnitDetails(
        legalRepresentativePhone: "0591-87654321", address: "福州市鼓楼区三牧坊1号", contactName: "陈经办",
        contactPhone: "13911112222", nature: "20", email: "office@school.example.org",
        region: "350100")
}

extension Harness {
    /// Through the provider; the unit may be incomplete afterwards.
    func signIn(_ agent: VouchedAgent) async throws -> Identity.SignInReply {
        provider.answer("ticket-\(agent.subject)", .success(agent))
        let begun = try await identity().beginLogin(
            Identity.BeginLoginRequest(provider: "minzhengtong", redirect: Harness.callback))
        return try await identity().completeLogin(
            Identity.CompleteLoginRequest(state: begun.state, ticket: "ticket-\(agent.subject)"))
    }

    /// A unit that has submitted its details, and its agent's session.
    func activeUnit(_ agent: VouchedAgent = .school) async throws -> (session: [UInt8], id: String)
    {
        let reply = try await signIn(agent)
        if reply.user?.mustSubmitUnit == true {
            _ = try await identity(reply.session).submitUnit(
                Identity.SubmitUnitRequest(details: .school))
        }
        return (reply.session, reply.user?.unit?.id ?? "")
    }

    /// An account that has changed its initial password.
    func account(_ request: Identity.CreateAccountRequest) async throws -> Account {
        let made = try await operator_.createAccount(request)
        let session = try await identity().signIn(
            Identity.SignInRequest(account: request.account, password: made.initialPassword)
        ).session
        let password = "Password-\(request.account.count)-2022"
        _ = try await identity(session).changePassword(
            Identity.ChangePasswordRequest(
                oldPassword: made.initialPassword, newPassword: password))
        return Account(
            name: request.account, password: password, session: session, personID: made.personID)
    }

    struct Account: Sendable {
        let name: String
        let password: String
        let session: [UInt8]
        let personID: String
    }

    /// An applicant: number `n` gives account, ID number and phone.
    func applicant(_ n: Int, name: String = "姣姣1") async throws -> Applicant {
        let number = inventedNumber(birth: "19900307", sequence: 2 * n)
        let phone = "1381000\(String(repeating: "0", count: 4 - String(n).count))\(n)"
        let account = try await account(
            Identity.CreateAccountRequest(
                account: "person-\(n)", role: .applicant, name: name, idNumber: number,
                phone: phone))
        return Applicant(account: account, name: name, number: number, phone: phone)
    }

    struct Applicant: Sendable {
        let account: Account
        let name: String
        let number: String
        let phone: String

        var session: [UInt8] { account.session }

        func form(_ unit: String) -> Identity.RegisterPersonRequest {
            Identity.RegisterPersonRequest(
                unitID: unit, name: name, sex: "女", idDocument: "111", idNumber: number,
                phone: phone, politicalStatus: "群众", email: "a@example.org")
        }
    }

    func register(
        _ applicant: Applicant, with unit: String
    ) async throws -> Identity.Registration {
        try await identity(applicant.session).registerPerson(applicant.form(unit))
    }

    /// A registration that the unit has approved.
    func approved(
        _ applicant: Applicant, by unit: (session: [UInt8], id: String)
    ) async throws -> Identity.Registration {
        let registration = try await register(applicant, with: unit.id)
        _ = try await decide(registration, .approved, by: unit.session)
        return try await identity(applicant.session).getRegistration(
            .init(id: registration.id))
    }

    /// The decision of the registration's only pending task.
    func decide(
        _ registration: Identity.Registration, _ outcome: Common.Outcome, round: Int = 1,
        by session: [UInt8], key: IdempotencyKey = .random(), opinion: String = "情况属实"
    ) async throws -> Tasks.DecideReply {
        var options = CallOptions()
        options.idempotencyKey = key
        return try await tasks(session).decide(
            Tasks.DecideRequest(
                taskID: "identity:\(registration.id):\(round)",
                expectedVersion: registration.version, outcome: outcome, opinion: opinion),
            options: options)
    }
}

/// A time that stands still until somebody waits.
final class ManualTime: Sendable {
    private let moment = Mutex(Moment(nanoseconds: 0))
    private let waits = Mutex<[Duration]>([])

    var now: Moment { moment.withLock { $0 } }
    /// How long was waited, each time.
    var waited: [Duration] { waits.withLock { $0 } }

    func advance(by duration: Duration) {
        waits.withLock { $0.append(duration) }
        moment.withLock { $0 = $0 + duration }
    }
}

/// Stands for declaration-service.
final class DeclarationsInFlight: Sendable {
    let keys = Mutex<Set<[UInt8]>>([])
}
