import Domain
import MessageCoding
import Messages
import RPC
import ServiceLifecycle
import ServiceRuntime
import ServiceStubs
import Storage
import Synchronization
import TestSupport
import Testing

@testable import DeclarationService

/// The whole service on a database of its own, called through the in-process channel, with its relay running
/// and stand-ins for the other services.
final class Harness: Sendable {
    let test: TestEnvironment
    let identity = StubIdentity()
    let archive = StubArchive()
    let quota = StubQuota()
    private let assembly: ServiceAssembly
    private let book: Book

    private init() throws {
        test = try TestEnvironment(
            name: "declaration-service", migrations: declarationMigrations,
            clockStart: "2022-04-19T09:00+08:00")
        let book = Book()
        var backoff = OutboxRelay.Backoff()
        backoff.first = .milliseconds(5)
        backoff.limit = .milliseconds(20)
        assembly = assemble(
            test.environment,
            resolver: { token, _ throws(RPCError) in
                guard let session = book.sessions.withLock({ $0[token] }) else {
                    throw RPCError(code: .unauthenticated, message: "请先登录")
                }
                return session
            }, identity: identity, archive: archive, quota: quota, backoff: backoff,
            sweepInterval: .milliseconds(5))
        self.book = book
        identity.add(.school)
        identity.add(.company)
    }

    private final class Book: Sendable {
        let sessions = Mutex<[[UInt8]: Identity.Session]>([:])
    }

    /// Lends a running service.
    static func run(_ body: @Sendable (Harness) async throws -> Void) async throws {
        try await stopped { harness in try await harness.relaying { try await body(harness) } }
    }

    /// Lends a service whose relay does not run: nothing that it writes to the outbox leaves it.
    static func stopped(_ body: @Sendable (Harness) async throws -> Void) async throws {
        try await body(Harness())
    }

    /// Runs the relay beside the body.
    func relaying(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in assembly.background {
                group.addTask { try await service.run() }
            }
            try await body()
            group.cancelAll()
            // How the relay ends is not what is tested.
            while (try? await group.next()) != nil {}
        }
    }

    var clock: DevelopmentClock { test.clock }
    var database: Database { test.environment.database }

    private func channel(_ token: [UInt8]) -> any RPCChannel {
        SessionChannel(
            base: test.channel(
                assembly, peer: Peer(name: "a-portal/1@0.1", isAuthenticated: false)),
            session: token)
    }

    /// What the service does not stand, sent by those sessions, by services, by nobody.
    func complaints(_ tokens: [[UInt8]], ids: [String]) async throws -> [String] {
        let services = ["identity-service", "task-aggregator"]
        var callers = tokens.enumerated().map { BadInput.Caller("session \($0)", channel($1)) }
        for peer in services {
            callers.append(
                BadInput.Caller(
                    peer,
                    test.channel(
                        assembly, peer: Peer(name: "\(peer)/1@0.1", isAuthenticated: true))))
        }
        callers.append(BadInput.Caller("nobody", channel([])))
        callers.append(
            BadInput.Caller("an ended session", channel(Array(repeating: 0xEE, count: 32))))
        // Any key that is asked for is held for a minute; of units, identity-service may name any.
        let ofUnits: [Identity.OfficerChangesMethod] = [.holdUnit, .applyMerge]
        return try await test.complaints(
            BadInput(
                callers: callers, ids: ids,
                mayChange: Set(
                    [Declaration.DeclarationMethod.hasOpen.rawValue] + ofUnits.map(\.rawValue))),
            about: assembly)
    }

    func declarations(_ token: [UInt8]) -> Declaration.DeclarationClient {
        Declaration.DeclarationClient(channel(token))
    }

    /// What identity-service tells of a unit's officers.
    func officersChanged(
        _ unit: Identity.UnitSummary = .school, left: String = "", alone: String = "",
        accompanied: String = "", message: IdempotencyKey = .random()
    ) async throws {
        _ = try await changes.apply(
            .init(
                unitID: unit.id, leftID: left, soleKey: Array(alone.utf8), region: unit.region,
                accompaniedKey: Array(accompanied.utf8)),
            options: Self.options(message, .seconds(10)))
    }

    /// As identity-service asks of a unit that is to be merged: what waits there.
    func held(_ unit: Identity.UnitSummary) async throws -> [String] {
        try await changes.holdUnit(.init(unitID: unit.id)).waiting.map { "\($0.label) \($0.count)" }
    }

    /// identity-service has merged the unit.
    func merge(_ unit: Identity.UnitSummary, into other: Identity.UnitSummary) async throws {
        _ = try await changes.applyMerge(
            .init(unitID: unit.id, intoID: other.id),
            options: Self.options(.random(), .seconds(10)))
    }

    private var changes: Identity.OfficerChangesClient {
        Identity.OfficerChangesClient(
            test.channel(
                assembly, peer: Peer(name: "identity-service/1@0.1", isAuthenticated: true)))
    }

    /// As another service calls, without a user.
    func declarations(of service: String) -> Declaration.DeclarationClient {
        Declaration.DeclarationClient(
            test.channel(
                assembly, peer: Peer(name: "\(service)/1@0.1", isAuthenticated: true)))
    }

    func tasks(_ token: [UInt8]) -> Tasks.TaskSourceClient {
        Tasks.TaskSourceClient(channel(token))
    }

    /// One row of one number.
    func number(_ sql: String, _ arguments: [Value] = []) throws -> Int64 {
        try database.read { rows in
            try rows.row(Statement("SELECT (\(sql)) AS n", arguments))?.integer("n") ?? -1
        }
    }

    /// Waits until the outbox is empty.
    func drained() async throws {
        for _ in 0..<2_000 {
            if try database.pendingMessages(limit: 1).isEmpty { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("the outbox does not drain")
    }
}

// MARK: - People

extension Identity.UnitSummary {
    static let school = Identity.UnitSummary(
        id: "unit-school", name: "福州市第一中学", nature: "20", natureLabel: "事业单位",
        quotaRequired: true, region: "350100", regionLabel: "福建省-福州市", administrativeLevel: "市级")
    static let company = Identity.UnitSummary(
        id: "unit-company", name: "福州演示工程有限公司", nature: "32", natureLabel: "民营企业",
        region: "350100", regionLabel: "福建省-福州市", administrativeLevel: "市级")
}

extension Harness {
    private func signIn(_ session: Identity.Session) -> [UInt8] {
        let token = IdempotencyKey.random().bytes + IdempotencyKey.random().bytes
        book.sessions.withLock { $0[token] = session }
        return token
    }

    /// A unit's officer. `key`: of the ID number.
    func officer(
        _ name: String, of unit: Identity.UnitSummary = .school, colleagues: UInt32 = 2,
        administrator: Bool = false, key: String? = nil, recorded: Bool = true
    ) -> [UInt8] {
        signIn(
            Identity.Session(
                personID: "officer-\(name)", name: name,
                role: administrator ? .unitAdministrator : .unitReviewer, unit: unit,
                mustRecordOfficer: !recorded, personKey: Array((key ?? "key-\(name)").utf8),
                unitOfficers: colleagues))
    }

    func other(
        _ role: Identity.Role, committee: String = "", region: String = "",
        key: String = "key-other",
        recorded: Bool = true
    ) -> [UInt8] {
        signIn(
            Identity.Session(
                personID: "other-\(role.rawValue)", name: "厅经办", role: role, region: region,
                committeeID: committee, mustRecordOfficer: !recorded,
                personKey: Array(key.utf8)))
    }

    /// The superiors of both units.
    func superior() -> [UInt8] { other(.superior, region: "350100") }

    /// The committee of the plan.
    func committee() -> [UInt8] { other(.committee, committee: "committee-1") }

    struct Applicant: Sendable {
        let token: [UInt8]
        let personID: String
        let key: String
        let name: String
        let itemID: String
    }

    /// An approved person with one approved archive item.
    func applicant(
        _ n: Int, of unit: Identity.UnitSummary = .school, name: String = "姚姣2",
        registration: Identity.RegistrationState = .approved, isAlone: Bool = false,
        isSuspended: Bool = false
    ) -> Applicant {
        let person = Identity.PersonSummary(
            personID: "person-\(n)", name: name, sex: "女", birthDay: "1990-03-07",
            idDocument: "111", idNumberMasked: "3501**********002X", phoneMasked: "138****0001",
            politicalStatus: "群众", unitID: unit.id, unitName: unit.name,
            registration: registration, personKey: Array("key-\(n)".utf8),
            unitRegion: unit.region, soleOfficer: isAlone, unitSuspended: isSuspended)
        identity.add(person)
        let itemID = randomID()
        archive.add(
            Archive.Item(
                id: itemID, kind: "education", kindLabel: "教育经历", personID: person.personID,
                state: .approved, version: 3, mainName: "福建大学",
                values: [Common.FormValue(key: "school", label: "毕业院校", value: "福建大学")]))
        return Applicant(
            token: signIn(
                Identity.Session(
                    personID: person.personID, name: name, role: .applicant,
                    personKey: person.personKey)),
            personID: person.personID, key: "key-\(n)", name: name, itemID: itemID)
    }
}

// MARK: - The manual's day

extension Declaration.Plan {
    static let engineering = Declaration.Plan(
        year: 2022, name: "2022年—福州市工程系列中级职称评审委员会", committeeID: "committee-1",
        committeeName: "福州市工程系列中级职称评审委员会", levels: ["中级", "初级"], series: ["工程技术人员"],
        kind: "常规评审", openDay: "2022-04-10", closeDay: "2023-02-01", region: "350100")
}

extension Declaration.Application {
    static let engineer = Declaration.Application(
        title: "测试中级工程师", level: "中级", specialty: "工程力学", form: "常规申报", series: "工程技术人员",
        interview: true, commonName: "无", birthplace: "赣", nation: "蒙古族", wageGrade: "3",
        specialtyYears: "3年", workStartDay: "2016-04-12", workYears: "6年")
}

extension Harness {
    func plan(_ plan: Declaration.Plan = .engineering) async throws -> Declaration.Plan {
        try await declarations(other(.hrDepartment, region: "350000")).publishPlan(
            Declaration.PublishPlanRequest(plan: plan))
    }

    func draft(
        _ applicant: Applicant, _ plan: Declaration.Plan,
        _ form: Declaration.Application = .engineer, items: [String] = []
    ) async throws -> Declaration.DeclarationDetail {
        try await declarations(applicant.token).saveDraft(
            Declaration.SaveDraftRequest(planID: plan.id, application: form, itemIDs: items))
    }

    func submit(
        _ applicant: Applicant, _ detail: Declaration.DeclarationDetail,
        key: IdempotencyKey = .random(), timeout: Duration = .seconds(10)
    ) async throws -> Declaration.DeclarationDetail {
        try await patiently {
            try await declarations(applicant.token).submit(
                Declaration.SubmitRequest(
                    id: detail.row?.id ?? "", expectedVersion: detail.row?.version ?? 0),
                options: Self.options(key, timeout))
        }
    }

    /// In the unit's pool.
    func submitted(
        _ applicant: Applicant, _ plan: Declaration.Plan
    ) async throws -> Declaration.DeclarationRow {
        try #require(try await submit(applicant, draft(applicant, plan)).row)
    }

    func claim(
        _ row: Declaration.DeclarationRow, by token: [UInt8], timeout: Duration = .seconds(10)
    ) async throws -> Declaration.DeclarationRow {
        try #require(
            try await declarations(token).claim(
                Declaration.ClaimRequest(id: row.id, expectedVersion: row.version),
                options: Self.options(.random(), timeout)
            ).row)
    }

    /// Everything that an approval needs.
    func recommend(
        _ id: String, by token: [UInt8], occupies: Bool? = true
    ) async throws {
        _ = try await declarations(token).saveRecommendation(
            Declaration.SaveRecommendationRequest(
                id: id, text: "同意推荐", occupiesPost: occupies, occupationNote: "本单位岗位有空缺"))
        _ = try await upload(id, .noticeProof, by: token)
    }

    func upload(
        _ id: String, _ kind: Declaration.MaterialKind, by token: [UInt8],
        name: String = "公示证明.pdf"
    ) async throws -> Common.Attachment {
        try await declarations(token).uploadMaterial(
            Declaration.UploadMaterialRequest(
                id: id, kind: kind,
                file: Common.FileUpload(
                    fileName: name, content: Array("%PDF-1.4 \(id) %%EOF".utf8))))
    }

    /// Claimed, recommended: ready to be decided.
    func ready(
        _ applicant: Applicant, _ plan: Declaration.Plan, by token: [UInt8],
        occupies: Bool? = true
    ) async throws -> Declaration.DeclarationRow {
        let row = try await claim(submitted(applicant, plan), by: token)
        try await recommend(row.id, by: token, occupies: occupies)
        return row
    }

    func decide(
        _ row: Declaration.DeclarationRow, _ outcome: Common.Outcome, by token: [UInt8],
        key: IdempotencyKey = .random(), opinion: String = "情况属实", defects: [String] = [],
        toApplicant: Bool = false, timeout: Duration = .seconds(10)
    ) async throws -> Tasks.DecideReply {
        try await patiently {
            try await tasks(token).decide(
                Tasks.DecideRequest(
                    taskID: row.taskID, expectedVersion: row.version, outcome: outcome,
                    opinion: opinion, defects: defects, toApplicant: toApplicant),
                options: Self.options(key, timeout))
        }
    }

    func row(_ id: String, for token: [UInt8]) async throws -> Declaration.DeclarationRow {
        try #require(
            try await declarations(token).get(Declaration.GetDeclarationRequest(id: id)).row)
    }

    static func options(_ key: IdempotencyKey, _ timeout: Duration) -> CallOptions {
        var options = CallOptions()
        options.idempotencyKey = key
        options.timeout = timeout
        return options
    }
}
