import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Submissions of archive items, and requests to have them back, as tasks of the task centre.
struct TaskSourceHandler: Tasks.TaskSourceProvider {
    let database: Database
    let catalog: Catalog
    let ids: @Sendable () -> String

    func list(
        _ request: Tasks.ListTasksRequest, context: RequestContext
    ) async throws -> Tasks.ListTasksReply {
        let side = try ReviewSide(context.caller)
        let bounds = try PageBounds(request.page)
        let query = try TaskQuery(request, personID: context.caller.session?.personID ?? "")
        guard let entered = query.entered else { return Tasks.ListTasksReply() }
        let filter = TaskFilter(
            side: side, isPending: query.isPending, applicant: query.applicant,
            entered: entered, decidedBy: query.decidedBy)
        let found = try database.fetch { rows in
            let items =
                query.wantsUnclaimed(TaskKind.item.key)
                ? try VersionStore.page(filter, bounds, rows).map { $0.task(catalog) } : []
            let withdrawals =
                query.wantsUnclaimed(TaskKind.withdrawal.key)
                ? try WithdrawalStore.page(filter, bounds, rows).map { $0.task(catalog) } : []
            if withdrawals.isEmpty { return items }
            // A page of each kind holds the first rows of both.
            return (items + withdrawals).sorted { ($0.sortMs, $0.id) > ($1.sortMs, $1.id) }
        }
        let (page, next) = bounds.page(found) { PageCursor(sort: $0.sortMs, id: $0.id) }
        return Tasks.ListTasksReply(tasks: page, nextCursor: next)
    }

    func count(
        _ request: Tasks.CountTasksRequest, context: RequestContext
    ) async throws -> Tasks.CountTasksReply {
        let side = try ReviewSide(context.caller)
        let (items, withdrawals) = try database.fetch { rows in
            (
                try VersionStore.counts(side, rows),
                try WithdrawalStore.counts(
                    WithdrawalStore.Filter(side: WithdrawalStore.Side(side)), rows)
            )
        }
        let counts = [items.message(.item), TaskCounts(withdrawals).message(.withdrawal)]
        return Tasks.CountTasksReply(
            counts: counts, pending: counts.reduce(0) { $0 + $1.pending },
            processed: counts.reduce(0) { $0 + $1.processed })
    }

    func decide(
        _ request: Tasks.DecideRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let officer = try reviewer(of: request.taskID, context.caller)
        try officer.requireRecorded()
        return try await database.perform(
            DecideTask(officer: officer, request: request, decisionID: ids()),
            for: request, context: context, keepForever: true)
    }

    func decideBatch(
        _ request: Tasks.DecideBatchRequest, context: RequestContext
    ) async throws -> Tasks.DecideBatchReply {
        let officer = try context.caller.officer()
        try officer.requireRecorded()
        let batch = try DecideBatch(request) { one in
            DecideTask(officer: officer, request: one, decisionID: ids())
        }
        return try await database.perform(
            batch, for: request, context: context, keepForever: true)
    }

    func getDecision(
        _ request: Tasks.GetDecisionRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let side = try ReviewSide(context.caller)
        let reply = try database.fetch { rows -> Tasks.DecideReply? in
            if let id = WithdrawalTaskID(request.taskID) {
                let found = try WithdrawalStore.withdrawal(
                    id.withdrawal, WithdrawalStore.Side(side), rows)
                return found.flatMap { withdrawal in
                    withdrawal.decision.map { withdrawal.reply($0) }
                }
            }
            let found = try TaskID(request.taskID).flatMap {
                try VersionStore.version($0, side, rows)
            }
            return found.flatMap { version in version.decision?.reply(of: version) }
        }
        guard let reply, reply.decisionID == request.decisionID else {
            throw RPCError(serviceError: Refusal.notFound("审核决定"))
        }
        return reply
    }
}

extension TaskSourceHandler {
    /// The officer who calls, or the superior in the unit's place (I10).
    private func reviewer(of task: String, _ caller: Caller) throws(RPCError) -> Officer {
        guard let jurisdiction = caller.jurisdiction else { return try caller.officer() }
        let unit = try database.fetch { rows -> String? in
            if let id = WithdrawalTaskID(task) {
                return try WithdrawalStore.withdrawal(
                    id.withdrawal, .superior(jurisdiction), rows)?.unitID
            }
            return try TaskID(task).flatMap {
                try VersionStore.version($0, .superior(jurisdiction), rows)
            }?.unitID
        }
        guard let unit else { throw RPCError(serviceError: Refusal.notFound("任务")) }
        return try caller.officer(inPlaceOf: Identity.UnitSummary(id: unit))
    }
}

extension WithdrawalStore.Side {
    fileprivate init(_ side: ReviewSide) {
        self =
            switch side {
            case .unit(let unit): .unit(unit)
            case .superior(let jurisdiction): .superior(jurisdiction)
            }
    }
}

/// The kinds of tasks that the archive has.
enum TaskKind: Sendable, Hashable {
    case item
    case withdrawal

    var key: String {
        switch self {
        case .item: "archive_item"
        case .withdrawal: "withdrawal"
        }
    }

    var label: String {
        switch self {
        case .item: "业绩档案"
        case .withdrawal: "撤回申请"
        }
    }
}

extension TaskCounts {
    /// Granted is approved, refused is returned; a cancelled request is no task any more.
    fileprivate init(_ withdrawals: [WithdrawalPhase: Int64]) {
        self.init(
            pending: withdrawals[.pending] ?? 0, approved: withdrawals[.granted] ?? 0,
            returned: withdrawals[.refused] ?? 0)
    }

    fileprivate func message(_ kind: TaskKind) -> Tasks.KindCount {
        Tasks.KindCount(
            source: TaskID.source, kind: kind.key, kindLabel: kind.label,
            pending: pending, processed: processed, approved: approved, returned: returned,
            terminated: terminated)
    }
}

extension ListedVersion {
    /// As the task centre shows it.
    func task(_ catalog: Catalog) -> Tasks.Task {
        Tasks.Task(
            id: id.text, .item, of: id.object,
            title: "\(catalog.kind(kind)?.label ?? kind) \(mainName)", applicant: personID,
            name: applicantName, entered: enteredMilliseconds,
            version: decision == nil ? version : version + 1,
            state: decision?.label ?? ItemPhase.reviewing.label, decision)
    }
}

extension StoredWithdrawal {
    /// As the task centre shows it.
    func task(_ catalog: Catalog) -> Tasks.Task {
        Tasks.Task(
            id: taskID.text, .withdrawal, of: id,
            title: "\(catalog.kind(kind)?.label ?? kind) \(mainName)", applicant: personID,
            name: applicantName, entered: enteredMilliseconds, version: version,
            state: phase.label, decision)
    }
}

extension Tasks.Task {
    fileprivate init(
        id: String, _ kind: TaskKind, of object: String, title: String, applicant: String,
        name: String, entered: Int64, version: Int64, state: String, _ decision: StoredDecision?
    ) {
        self.init(
            id: id, source: TaskID.source, kind: kind.key, kindLabel: kind.label,
            objectID: object, title: title, applicantID: applicant, applicantName: name,
            sortMs: entered, version: version, stateLabel: state, node: FlowNode.unit,
            outcome: decision?.outcome ?? .unspecified,
            outcomeLabel: decision?.outcome.label ?? "", opinion: decision?.opinion ?? "",
            decidedBy: decision?.officerID ?? "", decidedByName: decision?.officerName ?? "",
            decidedMs: decision?.atMilliseconds ?? 0)
    }
}
