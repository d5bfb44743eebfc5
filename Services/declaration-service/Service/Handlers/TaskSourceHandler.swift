import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Declarations as tasks of the task centre.
struct TaskSourceHandler: Tasks.TaskSourceProvider {
    static let kind = "declaration"
    static let kindLabel = "职称申报"

    let database: Database
    let desk: StepDesk
    let ids: @Sendable () -> String

    func list(
        _ request: Tasks.ListTasksRequest, context: RequestContext
    ) async throws -> Tasks.ListTasksReply {
        let viewer = try Viewer(context.caller)
        let bounds = try PageBounds(request.page)
        let query = try TaskQuery(request, personID: viewer.personID)
        guard query.kinds.isEmpty || query.kinds.contains(Self.kind), let entered = query.entered
        else { return Tasks.ListTasksReply() }
        let found = try database.fetch { rows in
            try RoundStore.page(query, entered: entered, for: viewer, bounds, rows)
        }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.enteredMilliseconds, id: $0.id.text)
        }
        return Tasks.ListTasksReply(
            tasks: page.map { $0.task(for: viewer) }, nextCursor: next)
    }

    func count(
        _ request: Tasks.CountTasksRequest, context: RequestContext
    ) async throws -> Tasks.CountTasksReply {
        let desks = try Viewer(context.caller).desks
        let counts = try database.fetch { rows in try DeskCounts.read(desks, rows) }
        return Tasks.CountTasksReply(
            counts: [
                Tasks.KindCount(
                    source: TaskID.source, kind: Self.kind, kindLabel: Self.kindLabel,
                    pending: counts.tasks, processed: counts.processed,
                    approved: counts[.roundsApproved], returned: counts[.roundsReturned],
                    terminated: counts[.roundsTerminated])
            ], pending: counts.tasks, processed: counts.processed)
    }

    func decide(
        _ request: Tasks.DecideRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let declaration = TaskID(request.taskID)?.object ?? ""
        switch try database.viewer(of: declaration, context.caller) {
        case .party(let party):
            try context.caller.requireRecorded()
            return try await database.perform(
                DecideLaterNode(party: party, request: request, ids: CommandIDs(ids)),
                for: request, context: context, keepForever: true)
        case .applicant:
            // The access rule admits nobody of them.
            throw RPCError(code: .permissionDenied, message: "申报人不能审核")
        case .officer(let officer):
            try officer.requireRecorded()
            let begun = try await database.perform(
                DecideDeclaration(officer: officer, request: request, ids: CommandIDs(ids)),
                for: request, context: context, keepForever: true)
            return try await desk.settled(begun, until: context.deadline)
        }
    }

    func getDecision(
        _ request: Tasks.GetDecisionRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let desks = try Viewer(context.caller).desks
        let found = try database.fetch { rows -> (StoredStep, StoredRound)? in
            guard let task = TaskID(request.taskID),
                let round = try RoundStore.round(task, at: desks, rows),
                let step = try StepStore.step(request.decisionID, rows), step.outcome != nil,
                step.declarationID == task.object, step.round == task.round
            else { return nil }
            return (step, round)
        }
        guard let (step, round) = found else {
            throw RPCError(serviceError: Refusal.notFound("审核决定"))
        }
        return step.reply
            ?? Tasks.DecideReply(
                state: .deciding, decisionID: step.id, outcome: step.outcome ?? .unspecified,
                version: round.declaration.version, node: round.declaration.phase.node)
    }
}

extension StoredRound {
    /// As the task centre shows it.
    fileprivate func task(for viewer: Viewer) -> Tasks.Task {
        var task = declaration.seen(by: viewer).task
        task.id = id.text
        task.sortMs = enteredMilliseconds
        guard let decision else { return task }
        task.outcome = decision.outcome
        task.outcomeLabel = decision.outcome.label
        task.opinion = decision.opinion
        task.decidedBy = decision.officerID
        task.decidedByName = decision.officerName
        task.decidedMs = decision.atMilliseconds
        return task
    }
}
