import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Hears from identity-service whose reviews nobody of their unit may do any more (I10). Nothing here is claimed.
struct OfficerChangesHandler: Identity.OfficerChangesProvider {
    let database: Database

    func apply(
        _ request: Identity.ApplyOfficerChangeRequest, context: RequestContext
    ) async throws -> Identity.ApplyOfficerChangeReply {
        try await database.receive(
            ApplyOfficerChange(request: request.checked()), for: request, context: context)
    }
}
