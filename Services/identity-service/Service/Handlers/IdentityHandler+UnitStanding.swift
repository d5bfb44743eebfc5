import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// 停用 and 恢复 of a unit, by the HR department.

extension IdentityHandler {
    func suspendUnit(
        _ request: Identity.SuspendUnitRequest, context: RequestContext
    ) async throws -> Identity.UnitSummary {
        try context.caller.requireRecorded()
        var check = FormCheck()
        let reason = check.text(
            request.reason, "reason", "停用原因", required: true, longest: 500, hasLines: true)
        try refusing { () throws(Refusal) in try check.finish() }
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
}
