import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// Officers of a unit and their hand-over (I5).

extension IdentityHandler {
    func listOfficers(
        _ request: Identity.ListOfficersRequest, context: RequestContext
    ) async throws -> Identity.ListOfficersReply {
        let authority = authority(context)
        let id = try unit(request.unitID, authority)
        let officers = try database.fetch { rows -> [ListedOfficer]? in
            guard let unit = try UnitStore.unit(id, rows), authority.covers(unit) else {
                return nil
            }
            return try OfficerStore.list(unit: id, rows)
        }
        guard let officers else { throw RPCError(serviceError: Refusal.notFound("单位")) }
        return Identity.ListOfficersReply(officers: officers.map(\.message))
    }

    func changeOfficer(
        _ request: Identity.ChangeOfficerRequest, context: RequestContext
    ) async throws -> Identity.UnitOfficer {
        let authority = authority(context)
        guard request.role == .unitAdministrator || request.role == .unitReviewer else {
            throw RPCError(
                serviceError: Refusal.invalid([
                    FieldFault(field: "role", label: "角色", message: "应为管理员或审核人")
                ]))
        }
        let unitID = try unit(request.unitID, authority)
        let officer = try await database.perform(
            ChangeOfficer(
                authority: authority, unitID: unitID, personID: request.personID,
                role: request.role, announcement: announcement()),
            for: request, context: context)
        try await leases.end(.unit(unitID))
        return officer
    }

    func removeOfficer(
        _ request: Identity.RemoveOfficerRequest, context: RequestContext
    ) async throws -> Identity.UnitOfficer {
        let authority = authority(context)
        let unitID = try unit(request.unitID, authority)
        let officer = try await database.perform(
            RemoveOfficer(
                authority: authority, unitID: unitID, personID: request.personID,
                announcement: announcement()),
            for: request, context: context)
        try await leases.end(.unit(unitID))
        return officer
    }

    func handOver(
        _ request: Identity.HandOverRequest, context: RequestContext
    ) async throws -> Identity.UnitOfficer {
        let authority = authority(context)
        let unitID = try unit(request.unitID, authority)
        let successor = try await database.perform(
            HandOver(
                authority: authority, unitID: unitID, leavingID: request.leavingID,
                successorID: request.successorID, announcement: announcement()),
            for: request, context: context)
        try await leases.end(.unit(unitID))
        return successor
    }

    /// The unit that a request is about: an officer's own, or the one that others name.
    private func unit(
        _ named: String, _ authority: AccountAuthority
    ) throws(RPCError) -> String {
        if case .unit(let own) = authority.scope {
            guard named.isEmpty || named == own else {
                throw RPCError(serviceError: Refusal.notFound("单位"))
            }
            return own
        }
        guard !named.isEmpty else {
            throw RPCError(
                serviceError: Refusal.invalid([
                    FieldFault(field: "unit_id", label: "用人单位", message: "不能为空")
                ]))
        }
        return named
    }
}
