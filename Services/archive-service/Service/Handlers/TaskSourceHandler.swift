import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Submissions of archive items as tasks of the task centre.
struct TaskSourceHandler: Tasks.TaskSourceProvider {
    static let kind = "archive_item"
    static let kindLabel = "业绩档案"

    let database: Database
    let catalog: Catalog
    let ids: @Sendable () -> String

    func list(
        _ request: Tasks.ListTasksRequest, context: RequestContext
    ) async throws -> Tasks.ListTasksReply {
        let officer = try context.caller.officer()
        let bounds = try PageBounds(request.page)
        let query = try TaskQuery(request, by: officer)
        guard query.wantsUnclaimed(Self.kind), let entered = query.entered else {
            return Tasks.ListTasksReply()
        }
        let filter = VersionStore.Filter(
            unit: officer.unit.id, isPending: query.isPending, applicant: query.applicant,
            entered: entered, decidedBy: query.decidedBy)
        let found = try database.fetch { rows in try VersionStore.page(filter, bounds, rows) }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.enteredMilliseconds, id: $0.id.text)
        }
        return Tasks.ListTasksReply(tasks: page.map(task), nextCursor: next)
    }

    func count(
        _ request: Tasks.CountTasksRequest, context: RequestContext
    ) async throws -> Tasks.CountTasksReply {
        let unit = try context.caller.officer().unit.id
        let counts = try database.fetch { rows in try VersionStore.counts(unit: unit, rows) }
        return Tasks.CountTasksReply(
            counts: [
                Tasks.KindCount(
                    source: ArchiveTaskID.source, kind: Self.kind, kindLabel: Self.kindLabel,
                    pending: counts.pending, processed: counts.processed,
                    approved: counts.approved, returned: counts.returned,
                    terminated: counts.terminated)
            ], pending: counts.pending, processed: counts.processed)
    }

    func decide(
        _ request: Tasks.DecideRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let officer = try context.caller.officer()
        try officer.requireRecorded()
        return try await database.perform(
            DecideItem(
                officer: DecideItem.Reviewer(
                    personID: officer.personID, name: officer.name, unitID: officer.unit.id,
                    personKey: officer.personKey),
                request: request, decisionID: ids()),
            for: request, context: context, keepForever: true)
    }

    func getDecision(
        _ request: Tasks.GetDecisionRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let unit = try context.caller.officer().unit.id
        let version = try database.fetch { rows in
            try ArchiveTaskID(request.taskID).flatMap {
                try VersionStore.version($0, unit: unit, rows)
            }
        }
        guard let version, let decision = version.decision, decision.id == request.decisionID
        else { throw RPCError(serviceError: Refusal.notFound("审核决定")) }
        return decision.reply(of: version)
    }

    /// As the task centre shows it.
    private func task(_ version: StoredVersion) -> Tasks.Task {
        let label = catalog.kind(version.kind)?.label ?? version.kind
        let decision = version.decision
        return Tasks.Task(
            id: version.id.text, source: ArchiveTaskID.source, kind: Self.kind,
            kindLabel: Self.kindLabel, objectID: version.id.item,
            title: "\(label) \(version.mainName)", applicantID: version.personID,
            applicantName: version.applicantName, sortMs: version.enteredMilliseconds,
            version: decision == nil ? version.version : version.version + 1,
            stateLabel: decision?.label ?? ItemPhase.reviewing.label, node: FlowNode.unit,
            outcome: decision?.outcome ?? .unspecified,
            outcomeLabel: decision?.outcome.label ?? "", opinion: decision?.opinion ?? "",
            decidedBy: decision?.officerID ?? "", decidedByName: decision?.officerName ?? "",
            decidedMs: decision?.atMilliseconds ?? 0)
    }
}
