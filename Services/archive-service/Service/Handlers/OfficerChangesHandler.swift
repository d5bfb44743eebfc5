import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Hears from identity-service whose reviews nobody of their unit may do any more (I10), and which units were merged. Nothing here is claimed.
struct OfficerChangesHandler: Identity.OfficerChangesProvider {
    let database: Database

    func apply(
        _ request: Identity.ApplyOfficerChangeRequest, context: RequestContext
    ) async throws -> Identity.ApplyOfficerChangeReply {
        try await database.receive(
            ApplyOfficerChange(request: request.checked()), for: request, context: context)
    }

    func holdUnit(
        _ request: Identity.HoldUnitRequest, context: RequestContext
    ) async throws -> Identity.HoldUnitReply {
        // Without a key: a repeat asks anew, and the hold that a “nothing” leaves is over by itself.
        try await database.performOnce(
            try HoldUnit(request) { unit, rows in
                [
                    TaskKind.item.waiting(try VersionStore.counts(.unit(unit), rows).pending),
                    TaskKind.withdrawal.waiting(
                        try WithdrawalStore.counts(
                            WithdrawalStore.Filter(side: .unit(unit)), rows)[.pending] ?? 0),
                ]
            })
    }

    func applyMerge(
        _ request: Identity.ApplyMergeRequest, context: RequestContext
    ) async throws -> Identity.ApplyMergeReply {
        try await database.receive(
            try ApplyMerge(
                request,
                // What its applicant took back is nobody else's, and stays.
                places: [
                    ApplyMerge.Place("items"), ApplyMerge.Place("withdrawals"),
                    ApplyMerge.Place("item_versions", where: VersionStore.pending),
                    ApplyMerge.Place("item_versions", where: "outcome IS NOT NULL"),
                ]
            ) { unit, into in
                ApplyMerge.add(
                    "item_counts", keys: ["kind", "state"], sums: ["items"], of: unit, to: into)
                    + ApplyMerge.add(
                        "task_counts",
                        sums: ["pending", "approved", "returned", "terminated"], of: unit, to: into)
                    + ApplyMerge.add(
                        "withdrawal_counts", keys: ["state"], sums: ["requests"], of: unit, to: into
                    )
            }, for: request, context: context)
    }
}

extension TaskKind {
    /// How much of the kind waits.
    fileprivate func waiting(_ count: Int64) -> Common.ViewCount {
        Common.ViewCount(view: key, label: label, count: count)
    }
}
