import Attachments
import Domain
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import QuotaService

/// One after the other: each has a database of its own, and together they would wait for the disk.
@Suite(.serialized) enum QuotaTests {}

/// The whole service on a database of its own.
struct Harness: Sendable {
    let test: TestEnvironment
    private let assembly: ServiceAssembly

    init() throws {
        test = try TestEnvironment(
            name: "quota-service", migrations: quotaMigrations,
            clockStart: "2022-04-19T09:00+08:00")
        assembly = assemble(
            test.environment,
            resolver: { token, _ throws(RPCError) in try Person.session(of: token) },
            identity: UnitDirectory())
    }

    /// A user's calls; nil for somebody without a session.
    func quota(_ person: Person?) -> Quota.QuotaClient { quota(session: person?.token) }

    func quota(session: [UInt8]?) -> Quota.QuotaClient {
        Quota.QuotaClient(
            SessionChannel(
                base: channel(Peer(name: "a-portal/1@0.1", isAuthenticated: false)),
                session: session))
    }

    /// A service's calls, without a user.
    func quota(as service: String, isAuthenticated: Bool = true) -> Quota.QuotaClient {
        Quota.QuotaClient(
            channel(Peer(name: "\(service)/1@0.1", isAuthenticated: isAuthenticated)))
    }

    /// What the service does not stand, sent by everybody.
    func complaints(ids: [String]) async throws -> [String] {
        func client(_ session: [UInt8]?) -> any RPCChannel {
            SessionChannel(
                base: channel(Peer(name: "a-portal/1@0.1", isAuthenticated: false)),
                session: session)
        }
        let callers =
            Person.allCases.map { BadInput.Caller("\($0)", client($0.token)) } + [
                BadInput.Caller("nobody", client(nil)),
                BadInput.Caller("an ended session", client(Array(repeating: 0xEE, count: 32))),
                BadInput.Caller(
                    "declaration-service",
                    channel(Peer(name: "declaration-service/1@0.1", isAuthenticated: true))),
            ]
        return try await test.complaints(
            BadInput(callers: callers, ids: ids), about: assembly)
    }

    var admin: Quota.QuotaClient { quota(.admin) }
    var declaration: Quota.QuotaClient { quota(as: "declaration-service") }

    private func channel(_ peer: Peer) -> any RPCChannel { test.channel(assembly, peer: peer) }

    func rows(_ sql: String) throws -> [Row] {
        try test.environment.database.read { try $0.rows(Statement(sql), limit: 100_000) }
    }

    /// One row of one number.
    func number(_ sql: String) throws -> Int64 {
        try rows("SELECT (\(sql)) AS n").first?.integer("n") ?? -1
    }

    // MARK: records

    /// A record of unit-1 that is confirmed. Levels: 正高, 副高, 中级, 初级; nil = 不限.
    @discardableResult
    func confirmed(
        _ levels: [Int64?], year: Int32 = 2022, by person: Person = .admin
    ) async throws -> Quota.Record {
        let client = quota(person)
        let draft = try await client.saveRecord(
            Quota.SaveRecordRequest(year: year, vacancies: vacancies(levels)))
        _ = try await client.uploadApprovalForm(
            Quota.UploadApprovalFormRequest(recordID: draft.id, file: .form))
        return try await client.submitRecord(
            Quota.SubmitRecordRequest(id: draft.id, expectedVersion: draft.version))
    }

    // MARK: reservations

    func reserve(
        _ number: Int, declaration: Int? = nil, round: Int64 = 1, year: Int32 = 2022,
        level: Common.QuotaLevel = .intermediate, unit: String = "unit-1",
        key: IdempotencyKey = .random()
    ) async throws -> Quota.ReserveReply {
        try await self.declaration.reserve(
            Quota.ReserveRequest(
                reservationID: "r\(number)", declarationID: "d\(declaration ?? number)",
                round: round, unitID: unit, year: year, level: level), options: .key(key))
    }

    func confirm(
        _ number: Int, declaration: Int? = nil, round: Int64 = 1
    ) async throws -> Quota.ReservationState {
        try await self.declaration.confirm(
            Quota.ConfirmRequest(
                reservationID: "r\(number)", declarationID: "d\(declaration ?? number)",
                round: round)
        ).state
    }

    func release(
        _ number: Int, declaration: Int? = nil, round: Int64 = 1
    ) async throws -> Quota.ReservationState {
        try await self.declaration.release(
            Quota.ReleaseRequest(
                reservationID: "r\(number)", declarationID: "d\(declaration ?? number)",
                round: round)
        ).state
    }

    func consume(
        _ number: Int, declaration: Int? = nil, key: IdempotencyKey = .random()
    ) async throws -> Quota.ReservationState {
        try await self.declaration.consume(
            Quota.ConsumeRequest(
                reservationID: "r\(number)", declarationID: "d\(declaration ?? number)", round: 1),
            options: .key(key)
        ).state
    }

    /// A correction by the department of the unit's jurisdiction, at the record's version now.
    func supplement(
        _ record: String, _ changes: [(Common.QuotaLevel, Int64)], by person: Person = .department
    ) async throws -> Quota.Record {
        let seen = try await admin.getRecord(Quota.GetRecordRequest(id: record))
        return try await quota(person).supplementRecord(
            Quota.SupplementRecordRequest(
                id: record, expectedVersion: seen.version,
                changes: changes.map { Quota.LevelChange(level: $0.0, change: $0.1) },
                reason: "编制调整", document: .form))
    }

    func supersede(
        _ record: String, _ levels: [Int64?], by person: Person = .department
    ) async throws -> Quota.Record {
        let seen = try await admin.getRecord(Quota.GetRecordRequest(id: record))
        return try await quota(person).supersedeRecord(
            Quota.SupersedeRecordRequest(
                id: record, expectedVersion: seen.version, vacancies: vacancies(levels),
                reason: "核准有误", document: .form))
    }

    /// The level's counts as its unit sees them.
    func counts(
        _ level: Common.QuotaLevel = .intermediate, year: Int32 = 2022
    ) async throws -> Quota.LevelVacancies {
        let reply = try await admin.getVacancies(Quota.GetVacanciesRequest(year: year))
        return try #require(reply.levels.first { $0.level == level })
    }

    /// Invariant 5 and 6 of the ledger: each prefix is within its bounds, and the counters are
    /// the rows.
    func checkLedger() throws {
        struct Pool: Hashable {
            let record: String
            let level: Int64
        }
        var reserved: [Pool: Int64] = [:]
        var consumed: [Pool: Int64] = [:]
        var entries: [Pool: Int64] = [:]
        let levels = try rows("SELECT * FROM record_levels")
        func pool(_ row: Row) throws -> Pool {
            Pool(record: try row.text("record_id"), level: try row.integer("level"))
        }
        for row in try rows("SELECT * FROM ledger ORDER BY record_id, level, entry") {
            let pool = try pool(row)
            entries[pool, default: 0] += 1
            switch try row.text("kind") {
            case "reserve": reserved[pool, default: 0] += 1
            case "release": reserved[pool, default: 0] -= 1
            case "consume":
                reserved[pool, default: 0] -= 1
                consumed[pool, default: 0] += 1
            case "close": (reserved[pool], consumed[pool]) = (0, 0)
            // What the successor opens with is what its predecessor closed with.
            case "open":
                #expect(entries[pool] == 1)
                reserved[pool] = try row.integer("reserved")
                consumed[pool] = try row.integer("consumed")
            default: break
            }
            let taken = reserved[pool, default: 0] + consumed[pool, default: 0]
            #expect(try row.integer("entry") == entries[pool])
            #expect(try row.integer("reserved") == reserved[pool] ?? 0)
            #expect(try row.integer("consumed") == consumed[pool] ?? 0)
            #expect(reserved[pool, default: 0] >= 0)
            #expect(try taken <= row.optionalInteger("approved") ?? .max)
        }
        for row in levels {
            let pool = try pool(row)
            #expect(try row.integer("reserved") == reserved[pool] ?? 0)
            #expect(try row.integer("consumed") == consumed[pool] ?? 0)
            #expect(try row.integer("entries") == entries[pool] ?? 0)
            #expect(
                try number(
                    """
                    SELECT count(*) FROM reservations WHERE record_id = '\(pool.record)'
                    AND level = \(pool.level) AND state IN (1, 3)
                    """) == (reserved[pool] ?? 0) + (consumed[pool] ?? 0))
        }
    }
}

/// The four levels of a record in the order of the screen; nil = 不限.
func vacancies(_ levels: [Int64?]) -> [Quota.Vacancies] {
    zip(Common.QuotaLevel.all, levels).map { level, count in
        Quota.Vacancies(level: level, unlimited: count == nil, count: count ?? 0)
    }
}

extension Common.FileUpload {
    static let form = Common.FileUpload(
        fileName: "岗位核准表.pdf", content: Array("%PDF-1.4 盖章".utf8))
}

extension CallOptions {
    static func key(_ key: IdempotencyKey) -> CallOptions {
        var options = CallOptions()
        options.idempotencyKey = key
        return options
    }
}

/// Knows where the units are: unit-1 in 福州市, the others in 厦门市.
private struct UnitDirectory: RPCChannel {
    func unary<Request: Message, Reply: Message>(
        _ method: RPCMethod, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Reply {
        guard let asked = request as? Identity.DescribeUnitRequest,
            let region = ["unit-1": "350102", "unit-2": "350200", "unit-3": "350200"][asked.unitID],
            let reply = Identity.UnitSummary(id: asked.unitID, region: region) as? Reply
        else { throw RPCError(code: .notFound, message: "单位不存在", verdict: .never) }
        return reply
    }
}

/// Who is signed in: `admin` and `reviewer` of unit-1, a public institution.
enum Person: UInt8, CaseIterable, Sendable {
    case admin = 1
    case reviewer
    /// Administrator of unit-2, a public institution.
    case stranger
    /// Administrator of unit-3, a company.
    case company
    case applicant
    /// HR department of 福州市, where unit-1 is; of 厦门市, where it is not; of the province.
    case department, elsewhere, province
    case superior, committee

    var token: [UInt8] { Array(repeating: rawValue, count: 32) }

    var isOfficer: Bool { rawValue <= Person.company.rawValue }

    var session: Identity.Session {
        let role: Identity.Role =
            switch self {
            case .admin, .stranger, .company: .unitAdministrator
            case .reviewer: .unitReviewer
            case .applicant: .applicant
            case .department, .elsewhere, .province: .hrDepartment
            case .superior: .superior
            case .committee: .committee
            }
        var session = Identity.Session(personID: "\(self)", name: "\(self)", role: role)
        switch self {
        case .department: session.region = "350100"
        case .elsewhere: session.region = "350200"
        case .province: session.region = "350000"
        default: break
        }
        if isOfficer {
            let unit = self == .stranger ? "unit-2" : self == .company ? "unit-3" : "unit-1"
            session.unit = Identity.UnitSummary(id: unit, quotaRequired: self != .company)
        }
        return session
    }

    static func session(of token: [UInt8]) throws(RPCError) -> Identity.Session {
        guard token.count == 32, let person = Person(rawValue: token[0]) else {
            throw RPCError(code: .unauthenticated, message: "登录已失效")
        }
        var session = person.session
        session.mustRecordOfficer = token == person.unrecordedToken
        return session
    }

    /// Of the same person before name and ID number are on record.
    var unrecordedToken: [UInt8] { token.dropLast() + [0] }

    func officer() throws -> Officer { try Caller(service: nil, session: session).officer() }
}
