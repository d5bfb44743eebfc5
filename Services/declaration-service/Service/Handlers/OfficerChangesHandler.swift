import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Hears from identity-service who left a unit, and whose reviews nobody of their unit may do any more.
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
}
