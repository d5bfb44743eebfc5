import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Registrations as tasks of the task centre.
struct TaskSourceHandler: Tasks.TaskSourceProvider {
    static let kind = "registration"
    static let kindLabel = "人员注册"

    let database: Database
    let ids: @Sendable () -> String

    func list(
        _ request: Tasks.ListTasksRequest, context: RequestContext
    ) async throws -> Tasks.ListTasksReply {
        let bounds = try PageBounds(request.page)
        guard let filter = try filter(request, context.caller) else {
            return Tasks.ListTasksReply()
        }
        let found = try database.fetch { rows in try ReviewStore.page(filter, bounds, rows) }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.enteredMilliseconds, id: $0.id.text)
        }
        return Tasks.ListTasksReply(tasks: page.map(\.task), nextCursor: next)
    }

    func count(
        _ request: Tasks.CountTasksRequest, context: RequestContext
    ) async throws -> Tasks.CountTasksReply {
        let side = try ReviewSide(context.caller)
        let counts = try database.fetch { rows in try ReviewStore.counts(side, rows) }
        return Tasks.CountTasksReply(
            counts: [
                Tasks.KindCount(
                    source: TaskID.source, kind: Self.kind, kindLabel: Self.kindLabel,
                    pending: counts.pending, processed: counts.processed,
                    approved: counts.approved, returned: counts.returned)
            ], pending: counts.pending, processed: counts.processed)
    }

    func decide(
        _ request: Tasks.DecideRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let officer = try reviewer(of: request.taskID, context.caller)
        try officer.requireRecorded()
        return try await database.perform(
            DecideRegistration(officer: officer, request: request, decisionID: ids()),
            for: request, context: context, keepForever: true)
    }

    func decideBatch(
        _ request: Tasks.DecideBatchRequest, context: RequestContext
    ) async throws -> Tasks.DecideBatchReply {
        let officer = try context.caller.officer()
        try officer.requireRecorded()
        let batch = try DecideBatch(request) { one in
            DecideRegistration(officer: officer, request: one, decisionID: ids())
        }
        return try await database.perform(
            batch, for: request, context: context, keepForever: true)
    }

    func getDecision(
        _ request: Tasks.GetDecisionRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let side = try ReviewSide(context.caller)
        let round = try database.fetch { rows in
            try TaskID(request.taskID).flatMap { try ReviewStore.round($0, side, rows) }
        }
        guard let round, let decision = round.decision, decision.id == request.decisionID else {
            throw RPCError(serviceError: Refusal.notFound("审核决定"))
        }
        return decision.reply(version: round.version + 1)
    }

    /// The officer who calls, or the superior in the unit's place (I10).
    private func reviewer(of task: String, _ caller: Caller) throws(RPCError) -> Officer {
        guard let jurisdiction = caller.jurisdiction else { return try caller.officer() }
        let round = try database.fetch { rows in
            try TaskID(task).flatMap {
                try ReviewStore.round($0, .superior(jurisdiction), rows)
            }
        }
        guard let round else { throw RPCError(serviceError: Refusal.notFound("任务")) }
        return try caller.officer(inPlaceOf: Identity.UnitSummary(id: round.unitID))
    }

    /// Nil when nothing here can match: registrations are not claimed.
    private func filter(
        _ request: Tasks.ListTasksRequest, _ caller: Caller
    ) throws(RPCError) -> ReviewStore.Filter? {
        let side = try ReviewSide(caller)
        let query = try TaskQuery(request, personID: caller.session?.personID ?? "")
        guard query.wantsUnclaimed(Self.kind), let entered = query.entered else { return nil }
        return ReviewStore.Filter(
            side: side, isPending: query.isPending, applicant: query.applicant,
            entered: entered, decidedBy: query.decidedBy)
    }
}

extension StoredRound {
    /// As the task centre shows it.
    fileprivate var task: Tasks.Task {
        Tasks.Task(
            id: id.text, source: TaskID.source, kind: TaskSourceHandler.kind,
            kindLabel: TaskSourceHandler.kindLabel, objectID: id.object,
            title: "\(TaskSourceHandler.kindLabel) \(name)", applicantID: personID,
            applicantName: name, sortMs: enteredMilliseconds,
            version: decision == nil ? version : version + 1,
            stateLabel: decision.map { $0.outcome == .approved ? "审核通过" : "退回" } ?? "审核中",
            node: FlowNode.unit, outcome: decision?.outcome ?? .unspecified,
            outcomeLabel: decision?.outcome.label ?? "", opinion: decision?.opinion ?? "",
            decidedBy: decision?.officerID ?? "", decidedByName: decision?.officerName ?? "",
            decidedMs: decision?.atMilliseconds ?? 0)
    }
}
