import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// Change requests of a unit's locked fields (I6).

extension IdentityHandler {
    func requestUnitChange(
        _ request: Identity.RequestUnitChangeRequest, context: RequestContext
    ) async throws -> Identity.UnitChange {
        let officer = try context.caller.officer()
        let input = try refusing { () throws(Refusal) in try UnitChangeInput(request) }
        return try await database.perform(
            RequestUnitChange(
                actor: officer.personID, actorName: officer.name, unitID: officer.unit.id,
                input: input, newID: ids()),
            for: request, context: context)
    }

    func listUnitChanges(
        _ request: Identity.ListUnitChangesRequest, context: RequestContext
    ) async throws -> Identity.ListUnitChangesReply {
        let session = try session(context)
        let bounds = try PageBounds(request.page)
        let state = UnitChangeState(rawValue: Int64(request.state.rawValue))
        guard state != nil || request.state == .unspecified else {
            throw RPCError(
                serviceError: Refusal.invalid([
                    FieldFault(field: "state", label: "状态", message: "没有这样的状态")
                ]))
        }
        let side: UnitChangeStore.Side =
            session.unit.map { .unit($0.id) } ?? .region(session.region)
        let found = try database.fetch { rows in
            try UnitChangeStore.page(side, state: state, bounds, rows)
        }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.requestedMilliseconds, id: $0.id)
        }
        return Identity.ListUnitChangesReply(changes: page.map(\.message), nextCursor: next)
    }

    func decideUnitChange(
        _ request: Identity.DecideUnitChangeRequest, context: RequestContext
    ) async throws -> Identity.UnitChange {
        let session = try session(context)
        try context.caller.requireRecorded()
        var check = FormCheck()
        let isApproved = request.outcome == .approved
        if !isApproved, request.outcome != .returned {
            check.fault("outcome", "处理结果", "请选择同意或驳回")
        }
        // A refusal says why.
        let opinion = check.text(
            request.opinion, "opinion", "意见", required: !isApproved,
            longest: FormCheck.longestOpinion, hasLines: true)
        try refusing { () throws(Refusal) in try check.finish() }
        let change = try await database.perform(
            DecideUnitChange(
                actor: session.personID, actorName: session.name,
                actorKey: session.personKey, region: session.region, id: request.id,
                isApproved: isApproved, opinion: opinion),
            for: request, context: context, keepForever: true)
        if isApproved { try await leases.end(.unit(change.unitID)) }
        return change
    }
}
