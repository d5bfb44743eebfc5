import Domain
import Logging
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Synchronization

@testable import TaskAggregator

/// A source of tasks that does as it is told. Rows belong to unit-1.
final class StubSource: Tasks.TaskSourceProvider {
    struct State: Sendable {
        var tasks: [Tasks.Task] = []
        var mode = Mode.answers
        /// Gives at most so many rows of a page that asks for more.
        var mostRows = Int.max
        var decision: Result<Tasks.DecideReply, RPCError> = .success(
            Tasks.DecideReply(state: .done, decisionID: "d"))
        /// What a row of a batch comes to.
        var row: @Sendable (Tasks.BatchTask) -> Tasks.BatchRow? = {
            Tasks.BatchRow(taskID: $0.taskID, state: .done, decisionID: "d", version: 2)
        }
        var calls: [Call] = []
    }

    enum Mode: Sendable {
        case answers
        case fails(RPCError)
        case stalls
        /// Changes its right answer.
        case lies(@Sendable (inout Tasks.ListTasksReply) -> Void)
    }

    struct Call: Sendable {
        let method: String
        let session: [UInt8]?
        let key: IdempotencyKey?
        let timeLeft: Duration
        let decide: Tasks.DecideRequest?
        let batch: Tasks.DecideBatchRequest?
    }

    let name: String
    private let state = Mutex(State())

    init(_ name: String) { self.name = name }

    var channel: any RPCChannel {
        var routes = RouteTable()
        register(in: &routes)
        return InProcessChannel(
            routes: routes, admission: { _ throws(RPCError) in },
            peer: Peer(name: "task-aggregator/1@0.1", isAuthenticated: true),
            logger: Logger(label: "stub") { _ in SwiftLogNoOpLogHandler() })
    }

    func change<Result>(_ body: (inout sending State) -> sending Result) -> sending Result {
        state.withLock(body)
    }

    var mode: Mode {
        get { change { $0.mode } }
        set { change { $0.mode = newValue } }
    }

    var tasks: [Tasks.Task] { change { $0.tasks } }
    var calls: [Call] { change { $0.calls } }

    /// Adds a task that entered review at that time.
    @discardableResult
    func add(
        _ number: Int, at sort: Int64, _ adjust: (inout Tasks.Task) -> Void = { _ in }
    ) -> Tasks.Task {
        var task = Tasks.Task(
            id: "\(name):\(number):1", source: name, kind: "\(name)_kind", objectID: "\(number)",
            applicantName: "姣姣\(number)", sortMs: sort, version: 1)
        adjust(&task)
        change { [task] in $0.tasks.append(task) }
        return task
    }

    /// Who asks, and whether the tasks are theirs. Superiors and committees have declarations only.
    private func desk(_ context: RequestContext) throws -> (personID: String, hasTasks: Bool) {
        let session = try Person.session(of: context.session ?? [])
        if name == "declaration", [.superior, .committee].contains(session.role) {
            return (session.personID, true)
        }
        let officer = try Caller(service: nil, session: session).officer()
        return (officer.personID, officer.unit.id == "unit-1")
    }

    // MARK: the service

    func list(
        _ request: Tasks.ListTasksRequest, context: RequestContext
    ) async throws -> Tasks.ListTasksReply {
        let mode = try await enter(context)
        let (personID, hasTasks) = try desk(context)
        let query = try TaskQuery(request, personID: personID)
        let bounds = try PageBounds(request.page)
        let (tasks, mostRows) = change { ($0.tasks, $0.mostRows) }
        let found =
            !hasTasks
            ? []
            : tasks.filter { task in
                (task.outcome == .unspecified) == query.isPending && query.matches(task)
                    && bounds.start.precedes(task.place)
            }.sorted { $0.place.precedes($1.place) }
        let rows = found.prefix(min(bounds.size, mostRows))
        var reply = Tasks.ListTasksReply(
            tasks: Array(rows),
            nextCursor: rows.count < found.count ? rows.last?.place.bytes ?? [] : [])
        if case .lies(let change) = mode { change(&reply) }
        return reply
    }

    func count(
        _ request: Tasks.CountTasksRequest, context: RequestContext
    ) async throws -> Tasks.CountTasksReply {
        _ = try await enter(context)
        _ = try desk(context)
        let pending = Int64(tasks.count { $0.outcome == .unspecified })
        let processed = Int64(tasks.count) - pending
        return Tasks.CountTasksReply(
            counts: [
                Tasks.KindCount(
                    source: name, kind: "\(name)_kind", pending: pending, processed: processed)
            ], pending: pending, processed: processed)
    }

    func decide(
        _ request: Tasks.DecideRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        _ = try await enter(context, request)
        return try change { $0.decision }.get()
    }

    func getDecision(
        _ request: Tasks.GetDecisionRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        _ = try await enter(context)
        return try change { $0.decision }.get()
    }

    func decideBatch(
        _ request: Tasks.DecideBatchRequest, context: RequestContext
    ) async throws -> Tasks.DecideBatchReply {
        _ = try await enter(context, batch: request)
        let row = change { $0.row }
        return Tasks.DecideBatchReply(rows: request.tasks.compactMap(row))
    }

    private func enter(
        _ context: RequestContext, _ decide: Tasks.DecideRequest? = nil,
        batch: Tasks.DecideBatchRequest? = nil
    ) async throws -> Mode {
        let call = Call(
            method: context.method.name, session: context.session, key: context.idempotencyKey,
            timeLeft: ContinuousClock.now.duration(to: context.deadline), decide: decide,
            batch: batch)
        let mode = change { state in
            state.calls.append(call)
            return state.mode
        }
        switch mode {
        case .fails(let error): throw error
        case .stalls: try await Task.sleep(for: .seconds(60))
        case .answers, .lies: break
        }
        return mode
    }
}
