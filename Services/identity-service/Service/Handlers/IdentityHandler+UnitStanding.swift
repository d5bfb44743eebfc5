import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

// 停用, 恢复 and 合并 of a unit, by the HR department.

extension IdentityHandler {
    func suspendUnit(
        _ request: Identity.SuspendUnitRequest, context: RequestContext
    ) async throws -> Identity.UnitSummary {
        try context.caller.requireRecorded()
        let reason = try reason(request.reason, "停用原因")
        let unit = try await database.perform(
            ChangeUnitStanding(
                authority: authority(context), actor: try session(context).personID,
                unitID: request.unitID, change: .suspend(reason: reason)),
            for: request, context: context)
        try await leases.end(.unit(unit.id))
        return unit
    }

    func resumeUnit(
        _ request: Identity.ResumeUnitRequest, context: RequestContext
    ) async throws -> Identity.UnitSummary {
        try context.caller.requireRecorded()
        return try await database.perform(
            ChangeUnitStanding(
                authority: authority(context), actor: try session(context).personID,
                unitID: request.unitID, change: .resume),
            for: request, context: context)
    }

    func mergeUnit(
        _ request: Identity.MergeUnitRequest, context: RequestContext
    ) async throws -> Identity.MergeUnitReply {
        try context.caller.requireRecorded()
        let session = try session(context)
        let command = MergeUnit(
            authority: authority(context), actor: (session.personID, session.name),
            unitID: request.unitID, intoID: request.intoID,
            expectedVersion: request.expectedVersion,
            expectedIntoVersion: request.expectedIntoVersion,
            reason: try reason(request.reason, "合并原因"), receivers: reviewers.map(\.service))
        // Nobody is asked for what is refused anyway, or was answered before.
        try database.preview(command, context: context)
        let unit = try database.fetch { rows in try UnitStore.unit(request.unitID, rows) }
        if unit?.state.after(.merge) != nil { try await requireNothingWaits(at: request.unitID) }
        let merged = try await database.perform(command, for: request, context: context)
        try await leases.end(.unit(request.unitID))
        return merged
    }

    /// Asks every service that keeps what units review; after their no nothing is submitted to the unit for a minute.
    private func requireNothingWaits(at unit: String) async throws(RPCError) {
        guard reviewers.count == Self.reviewing.count else {
            throw RPCError(
                code: .failedPrecondition,
                message:
                    "本部署没有连接业绩档案和申报服务 (--peer archive-service, --peer declaration-service)，不能核对未办结的事项"
            )
        }
        var waiting: [Common.ViewCount] = []
        // All answers together must be younger than the hold is long.
        var options = CallOptions()
        options.timeout = .milliseconds(HeldUnits.holdMilliseconds / 6)
        for (_, client) in reviewers {
            waiting += try await client.holdUnit(
                Identity.HoldUnitRequest(unitID: unit), options: options
            ).waiting
        }
        try refusing { () throws(Refusal) in try MergeUnit.requireNothing(waiting) }
    }

    /// Why a unit's standing changes: required, at most 500 characters.
    private func reason(_ given: String, _ label: String) throws(RPCError) -> String {
        var check = FormCheck()
        let reason = check.text(
            given, "reason", label, required: true, longest: 500, hasLines: true)
        try refusing { () throws(Refusal) in try check.finish() }
        return reason
    }
}
