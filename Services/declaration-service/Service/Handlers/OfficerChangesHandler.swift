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
        try await database.receive(
            ApplyOfficerChange(request: request.checked(), ids: CommandIDs(ids)), for: request,
            context: context)
    }
}
