import Attachments
import Domain
import MessageCoding
import Messages
import RPC
import RPCTransport
import ServiceRuntime
import ServiceStubs
import Storage
import Synchronization
import TestSupport

@testable import ArchiveService

/// The whole service on a database of its own, called through the in-process channel. Identity is a stub.
struct Harness: Sendable {
    let test: TestEnvironment
    let identity = StubIdentity()
    private let assembly: ServiceAssembly

    init(catalog: Catalog = .standard) throws {
        test = try TestEnvironment(
            name: "archive-service", migrations: archiveMigrations,
            clockStart: "2022-04-19T09:00+08:00")
        let identity = identity
        assembly = assemble(
            test.environment, catalog: catalog, identity: identity,
            resolver: { token, _ throws(RPCError) in try identity.session(token) })
    }

    var admission: Admission { assembly.admission }
    var database: Database { test.environment.database }

    /// A channel of that user; the peer is anonymous, or that service.
    func channel(_ user: User?, as peer: String? = nil) -> any RPCChannel {
        if let user { identity.know(user) }
        return SessionChannel(
            base: test.channel(
                assembly,
                peer: peer.map { Peer(name: "\($0)/1@0.1", isAuthenticated: true) }
                    ?? Peer(name: "a-portal/1@0.1", isAuthenticated: false)),
            session: user?.token)
    }

    /// The service behind a socket of this machine, while the body runs.
    func serving(_ body: (_ port: Int) async throws -> Void) async throws {
        var configuration = ServerConfiguration(
            host: "127.0.0.1", port: 0, peerName: "archive-service/1@0.1")
        configuration.limits.handshake = .seconds(60)
        let server = RPCServer(
            configuration: configuration, routes: assembly.routes, admission: admission,
            load: ServerLoad(), logger: test.environment.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            do {
                try await body(try await server.listeningPort())
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
    }

    /// As `channel(_:as:)`, over that channel.
    func channel(_ user: User, over base: any RPCChannel) -> any RPCChannel {
        identity.know(user)
        return SessionChannel(base: base, session: user.token)
    }

    func archive(_ user: User) -> Archive.ArchiveClient { Archive.ArchiveClient(channel(user)) }
    func tasks(_ user: User) -> Tasks.TaskSourceClient { Tasks.TaskSourceClient(channel(user)) }
    var declarations: Archive.ArchiveClient {
        Archive.ArchiveClient(channel(nil, as: "declaration-service"))
    }

    /// What the service does not stand, sent by everybody.
    func complaints(ids: [String]) async throws -> [String] {
        var unrecorded = User.colleague
        unrecorded.isRecorded = false
        let users: [User] = [
            .school, unrecorded, .company, .applicant(1), .applicant(2, name: "姚姣2"), .superior,
            .department,
        ]
        var callers = users.map { BadInput.Caller($0.name, channel($0)) }
        for service in ["declaration-service", "identity-service"] {
            callers.append(BadInput.Caller(service, channel(nil, as: service)))
        }
        callers += [
            BadInput.Caller("nobody", channel(nil)),
            BadInput.Caller(
                "an ended session",
                SessionChannel(base: channel(nil), session: Array(repeating: 0xEE, count: 32))),
        ]
        // A round may pin nothing, and a release may come before its pin.
        let mayChange: [Archive.ArchiveMethod] = [.pinVersions, .unpinVersions]
        // Of units, identity-service may name any.
        let ofUnits: [Identity.OfficerChangesMethod] = [.holdUnit, .applyMerge]
        return try await test.complaints(
            BadInput(
                callers: callers, ids: ids,
                mayChange: Set(mayChange.map(\.rawValue) + ofUnits.map(\.rawValue))),
            about: assembly)
    }

    /// One row of one number.
    func number(_ sql: String, _ arguments: [Value] = []) throws -> Int64 {
        try database.read { rows in
            try rows.row(Statement("SELECT (\(sql)) AS n", arguments))?.integer("n") ?? -1
        }
    }
}

/// Somebody signed in.
struct User: Sendable, Hashable {
    var personID: String
    var name: String
    var role: Identity.Role
    var unitID = ""
    var isRecorded = true
    /// The person behind it, as the index of an ID number tells.
    var personKey: [UInt8] = []
    /// Of a superior.
    var region = ""

    var token: [UInt8] { Array("\(personID)/\(role.rawValue)/\(isRecorded)".utf8) }

    static let school = User(
        personID: "officer-1", name: "陈经办", role: .unitAdministrator, unitID: "school",
        personKey: [1])
    static let colleague = User(
        personID: "officer-2", name: "王审核", role: .unitReviewer, unitID: "school",
        personKey: [2])
    static let company = User(
        personID: "officer-3", name: "郑经办", role: .unitAdministrator, unitID: "company",
        personKey: [3])
    static let superior = User(
        personID: "superior-1", name: "主管", role: .superior, personKey: [5], region: "350100")
    static let department = User(
        personID: "hr-1", name: "人社", role: .hrDepartment, personKey: [4])

    /// An applicant of the school.
    static func applicant(_ n: Int = 1, name: String = "姣姣1", unit: String = "school") -> User {
        User(
            personID: "person-\(n)", name: name, role: .applicant, unitID: unit,
            personKey: [100, UInt8(truncatingIfNeeded: n)])
    }
}

/// identity-service as far as the archive asks it.
final class StubIdentity: RPCChannel {
    private struct State {
        var users: [[UInt8]: User] = [:]
        var registrations: [String: Identity.RegistrationState] = [:]
        /// Persons who are their unit's only officer.
        var alone: Set<String> = []
        /// Units that are suspended.
        var suspended: Set<String> = []
        var isDown = false
    }
    private let state = Mutex(State())

    func know(_ user: User) { state.withLock { $0.users[user.token] = user } }

    func register(_ user: User, _ registration: Identity.RegistrationState) {
        state.withLock { $0.registrations[user.personID] = registration }
    }

    func setAlone(_ user: User) { _ = state.withLock { $0.alone.insert(user.personID) } }

    func set(_ unit: String, isSuspended: Bool) {
        state.withLock {
            if isSuspended { $0.suspended.insert(unit) } else { $0.suspended.remove(unit) }
        }
    }

    func set(isDown: Bool) { state.withLock { $0.isDown = isDown } }

    func session(_ token: [UInt8]) throws(RPCError) -> Identity.Session {
        guard let user = state.withLock({ $0.users[token] }) else {
            throw RPCError(code: .unauthenticated, message: "请先登录")
        }
        return Identity.Session(
            personID: user.personID, name: user.name, role: user.role,
            unit: user.role == .applicant || user.unitID.isEmpty
                ? nil : Identity.UnitSummary(id: user.unitID, name: user.unitID),
            region: user.region, mustRecordOfficer: !user.isRecorded, personKey: user.personKey,
            unitOfficers: 2)
    }

    func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        let state = state.withLock { $0 }
        guard !state.isDown else {
            throw RPCError(code: .unavailable, message: "identity-service does not answer")
        }
        guard let question = request as? Identity.DescribePersonRequest,
            let user = state.users.values.first(where: {
                $0.personID == question.personID && $0.role == .applicant
            })
        else { throw RPCError(code: .notFound, message: "人员不存在") }
        let summary = Identity.PersonSummary(
            personID: user.personID, name: user.name, sex: "女",
            idNumberMasked: "3501**********0012", unitID: user.unitID,
            registration: state.registrations[user.personID] ?? .approved,
            personKey: user.personKey, unitRegion: "350100",
            soleOfficer: state.alone.contains(user.personID),
            unitSuspended: state.suspended.contains(user.unitID))
        guard let reply = summary as? Reply else {
            throw RPCError(code: .internalError, message: "another reply is expected")
        }
        return reply
    }
}

// MARK: - What tests do all the time

extension Harness {
    /// 教育经历 of figure 3-3.
    static let education: [String: String] = [
        "school": "福建大学", "start": "2009-12-01", "end": "2011-12-01", "major": "计算机",
        "mode": "全日制教育", "years": "2", "overseas": "否", "education": "21",
        "cert_no": "8K142536987", "degree": "4", "degree_date": "2011-12-01",
    ]

    /// 工作经历: needs no evidence.
    static let work: [String: String] = [
        "employer": "福州市第一中学", "start": "2012-09-01", "position": "教师",
    ]

    static let pdf = Array("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n".utf8)

    func save(
        _ user: User, _ kind: String, _ values: [String: String], id: String = "",
        version: Int64 = 0
    ) async throws -> Archive.Item {
        try await archive(user).saveItem(
            Archive.SaveItemRequest(
                id: id, expectedVersion: version, kind: kind,
                values: values.sorted { $0.key < $1.key }.map {
                    Common.FormValue(key: $0.key, value: $0.value)
                }))
    }

    func attach(
        _ user: User, _ item: Archive.Item, _ name: String = "证书.pdf",
        content: [UInt8] = Harness.pdf
    ) async throws -> Common.Attachment {
        try await archive(user).uploadEvidence(
            Archive.UploadEvidenceRequest(
                itemID: item.id, file: Common.FileUpload(fileName: name, content: content)))
    }

    func submit(_ user: User, _ item: Archive.Item) async throws -> Archive.Item {
        try await archive(user).submitItem(
            Archive.SubmitItemRequest(id: item.id, expectedVersion: item.version))
    }

    func retract(_ user: User, _ item: Archive.Item) async throws -> Archive.Item {
        try await archive(user).retractItem(
            Archive.RetractItemRequest(id: item.id, expectedVersion: item.version))
    }

    /// 工作经历 in review.
    func reviewing(
        _ user: User, employer: String = "福州市第一中学"
    ) async throws -> Archive.Item {
        var values = Self.work
        values["employer"] = employer
        return try await submit(user, try await save(user, "work_history", values))
    }

    func decide(
        _ item: Archive.Item, _ outcome: Common.Outcome, by user: User = .school,
        opinion: String = "情况属实", key: IdempotencyKey = .random()
    ) async throws -> Tasks.DecideReply {
        var options = CallOptions()
        options.idempotencyKey = key
        return try await tasks(user).decide(
            Tasks.DecideRequest(
                taskID: "archive:\(item.id):\(max(item.round, 1))", expectedVersion: item.version,
                outcome: outcome, opinion: opinion), options: options)
    }

    /// Asks for an approved item back.
    func withdraw(
        _ item: Archive.Item, _ user: User, reason: String = "证书编号有误",
        key: IdempotencyKey = .random()
    ) async throws -> Archive.Withdrawal {
        var options = CallOptions()
        options.idempotencyKey = key
        return try await archive(user).requestWithdrawal(
            Archive.RequestWithdrawalRequest(
                itemID: item.id, expectedVersion: item.version, reason: reason),
            options: options)
    }

    func cancel(_ withdrawal: Archive.Withdrawal, _ user: User) async throws -> Archive.Withdrawal {
        try await archive(user).cancelWithdrawal(
            Archive.CancelWithdrawalRequest(
                id: withdrawal.id, expectedVersion: withdrawal.version))
    }

    func decide(
        _ withdrawal: Archive.Withdrawal, _ outcome: Common.Outcome, by user: User = .school,
        opinion: String = "情况属实", key: IdempotencyKey = .random()
    ) async throws -> Tasks.DecideReply {
        var options = CallOptions()
        options.idempotencyKey = key
        return try await tasks(user).decide(
            Tasks.DecideRequest(
                taskID: "archive:withdrawal-\(withdrawal.id):1",
                expectedVersion: withdrawal.version, outcome: outcome, opinion: opinion),
            options: options)
    }

    /// Pins the item's version for a round of a declaration.
    func pin(_ item: Archive.Item, round: Int64 = 1) async throws -> Bool {
        try await declarations.pinVersions(
            Archive.PinVersionsRequest(
                declarationID: "declaration-1", round: round,
                versions: [Archive.PinnedVersion(itemID: item.id, version: item.version)])
        ).pinned
    }

    func unpin(round: Int64 = 1) async throws {
        _ = try await declarations.unpinVersions(
            Archive.UnpinVersionsRequest(declarationID: "declaration-1", round: round))
    }

    /// An item in that state, of that applicant at the school.
    func item(_ phase: ItemPhase, of user: User) async throws -> Archive.Item {
        if phase == .draft { return try await save(user, "work_history", Self.work) }
        let item = try await reviewing(user)
        switch phase {
        case .draft, .reviewing: return item
        case .approved: _ = try await decide(item, .approved)
        case .returned: _ = try await decide(item, .returned)
        case .terminated: _ = try await decide(item, .terminated)
        }
        return try await archive(user).getItem(Archive.GetItemRequest(id: item.id))
    }
}

extension Archive.Item {
    /// Without what only GetItem tells.
    var withoutHistory: Archive.Item {
        var item = self
        item.versions = []
        item.differences = []
        item.comparedRound = 0
        return item
    }
}
