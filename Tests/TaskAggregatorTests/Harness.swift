import Domain
import Logging
import MessageCoding
import Messages
import RPC
import ServiceLifecycle
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import TaskAggregator

/// One after the other: each has a database of its own, and together they would wait for the disk.
@Suite(.serialized) enum AggregatorTests {}

/// The whole service on a database of its own, over three stub sources.
struct Centre: Sendable {
    let test: TestEnvironment
    let archive = StubSource("archive")
    let declaration = StubSource("declaration")
    let identity = StubSource("identity")
    let lastKnown: LastKnown
    private let assembly: ServiceAssembly

    init(patience: Duration = .seconds(5), sender: (any NotificationSender)? = nil) throws {
        test = try TestEnvironment(
            name: "task-aggregator", migrations: aggregatorMigrations,
            clockStart: "2022-04-19T09:00+08:00")
        lastKnown = LastKnown(
            database: test.environment.database, clock: test.clock,
            logger: test.environment.logger)
        assembly = assemble(
            test.environment,
            sources: try TaskSources(
                [
                    ("identity-service", identity.channel), ("archive-service", archive.channel),
                    ("declaration-service", declaration.channel),
                ], patience: .init(longest: patience), logger: test.environment.logger),
            lastKnown: lastKnown, sender: sender,
            resolver: { token, _ throws(RPCError) in try Person.session(of: token) })
    }

    var stubs: [StubSource] { [archive, declaration, identity] }

    func tasks(_ person: Person? = .officer) -> Tasks.TaskCentreClient {
        Tasks.TaskCentreClient(channel(person))
    }

    func notifications(_ person: Person? = .officer) -> Tasks.NotificationsClient {
        Tasks.NotificationsClient(channel(person))
    }

    /// As an owner announces.
    func owner(_ service: String = "archive-service") -> Tasks.NotificationsClient {
        Tasks.NotificationsClient(
            test.channel(
                assembly, peer: Peer(name: "\(service)/1@0.1", isAuthenticated: true)))
    }

    private func channel(_ person: Person?) -> any RPCChannel {
        SessionChannel(
            base: test.channel(
                assembly, peer: Peer(name: "a-portal/1@0.1", isAuthenticated: false)),
            session: person?.token)
    }

    /// Runs the body beside all that the service runs.
    func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in assembly.background { group.addTask { try await service.run() } }
            try await body()
            group.cancelAll()
            // How the rest ends is not what is tested.
            while (try? await group.next()) != nil {}
        }
    }

    /// What the service does not stand, sent by everybody.
    func complaints(ids: [String]) async throws -> [String] {
        func channel(_ session: [UInt8]?) -> any RPCChannel {
            SessionChannel(
                base: test.channel(
                    assembly, peer: Peer(name: "a-portal/1@0.1", isAuthenticated: false)),
                session: session)
        }
        let callers =
            Person.allCases.map { BadInput.Caller("\($0)", channel($0.token)) } + [
                BadInput.Caller("nobody", channel(nil)),
                BadInput.Caller("an ended session", channel(Array(repeating: 0xEE, count: 32))),
            ]
        // News may say anything, and a filter may have any name.
        let mayChange: [Tasks.TaskCentreMethod] = [.publishNews, .saveFilter]
        return try await test.complaints(
            BadInput(
                callers: callers, ids: ids, mayChange: Set(mayChange.map(\.rawValue))),
            about: assembly)
    }

    /// Runs the body while what is seen is being kept.
    func keeping(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await lastKnown.run() }
            group.addTask { try await body() }
            // The body ends first; what is kept ends when it is cancelled.
            try await group.next()
            group.cancelAll()
        }
    }

    /// One row of one number.
    func number(_ sql: String) throws -> Int64 {
        try test.environment.database.read { rows in
            try rows.row(Statement("SELECT (\(sql)) AS n"))?.integer("n") ?? -1
        }
    }

    func knownTasks() throws -> Int64 { try number("SELECT count(*) FROM known_tasks") }

    /// Every page of a list.
    func pages(
        _ request: Tasks.ListTasksRequest = Tasks.ListTasksRequest(), size: Int,
        person: Person = .officer,
        between: (_ page: Tasks.ListTasksReply) -> Void = { _ in }
    ) async throws -> [Tasks.ListTasksReply] {
        var pages: [Tasks.ListTasksReply] = []
        var cursor: [UInt8] = []
        repeat {
            var request = request
            request.page = Common.PageRequest(size: UInt32(size), cursor: cursor)
            let page = try await tasks(person).list(request)
            pages.append(page)
            cursor = page.nextCursor
            between(page)
        } while !cursor.isEmpty && pages.count < 2_000
        return pages
    }
}

/// Who is signed in.
enum Person: UInt8, CaseIterable, Sendable {
    case officer = 1
    case colleague, stranger, applicant, department, superior, committee

    var token: [UInt8] { Array(repeating: rawValue, count: 32) }

    static func session(of token: [UInt8]) throws(RPCError) -> Identity.Session {
        guard token.count == 32, let person = Person(rawValue: token[0]) else {
            throw RPCError(code: .unauthenticated, message: "登录已失效")
        }
        var session = Identity.Session(
            personID: "\(person)", name: "\(person)", role: person.role)
        if person == .superior || person == .department { session.region = "350100" }
        if person == .committee { session.committeeID = "committee-1" }
        if person.role == .unitAdministrator || person.role == .unitReviewer {
            session.unit = Identity.UnitSummary(id: person == .stranger ? "unit-2" : "unit-1")
        }
        return session
    }

    private var role: Identity.Role {
        switch self {
        case .officer, .stranger: .unitAdministrator
        case .colleague: .unitReviewer
        case .applicant: .applicant
        case .department: .hrDepartment
        case .superior: .superior
        case .committee: .committee
        }
    }
}

/// Waits until the condition holds, at most a minute.
func eventually(_ condition: () throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("it never came to it")
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
