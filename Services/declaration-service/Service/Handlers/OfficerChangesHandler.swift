import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Hears from identity-service who left a unit, whose reviews nobody of their unit may do any more, and which units were merged.
struct OfficerChangesHandler: Identity.OfficerChangesProvider {
    let database: Database
    let ids: @Sendable () -> String

    func apply(
        _ request: Identity.ApplyOfficerChangeRequest, context: RequestContext
    ) async throws -> Identity.ApplyOfficerChangeReply {
        let change = try request.checked()
        // More claims than a plan may end: all but the last pass come before the message's answer.
        while try database.fetch({ rows in
            try DeclarationStore.claims(of: change.leftID, unit: change.unitID, rows)
                > Int64(ApplyOfficerChange.mostClaims)
        }) {
            _ = try await database.performOnce(
                ApplyOfficerChange(
                    request: Identity.ApplyOfficerChangeRequest(
                        unitID: change.unitID, leftID: change.leftID), ids: CommandIDs(ids)))
        }
        return try await database.receive(
            ApplyOfficerChange(request: change, ids: CommandIDs(ids)), for: request,
            context: context)
    }

    func holdUnit(
        _ request: Identity.HoldUnitRequest, context: RequestContext
    ) async throws -> Identity.HoldUnitReply {
        // Without a key: a repeat asks anew, and the hold that a “nothing” leaves is over by itself.
        try await database.performOnce(
            try HoldUnit(request) { unit, rows in
                [
                    // Wherever they are: from above they may come back to the unit.
                    Common.ViewCount(
                        view: TaskSourceHandler.kind, label: TaskSourceHandler.kindLabel,
                        count: try DeclarationStore.open(at: unit, rows)),
                    Common.ViewCount(
                        view: "entrustment", label: "委托",
                        count: try EntrustmentStore.open(of: unit, rows)),
                ]
            })
    }

    func applyMerge(
        _ request: Identity.ApplyMergeRequest, context: RequestContext
    ) async throws -> Identity.ApplyMergeReply {
        try await database.receive(
            try ApplyMerge(
                request,
                // A draft's unit is that of its next submission.
                places: [
                    ApplyMerge.Place("declarations", where: "submitted_ms IS NOT NULL"),
                    ApplyMerge.Place("rounds", column: "desk", where: "outcome IS NULL"),
                    ApplyMerge.Place("rounds", column: "desk", where: "outcome IS NOT NULL"),
                    ApplyMerge.Place("notices"), ApplyMerge.Place("entrustments"),
                ]
            ) { unit, into in
                ApplyMerge.add(
                    "desk_counts", unitColumn: "desk",
                    sums: DeskCounts.Column.allCases.map(\.rawValue), of: unit, to: into)
            }, for: request, context: context)
    }
}
