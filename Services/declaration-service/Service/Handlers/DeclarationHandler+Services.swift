import Messages
import RPC
import ServiceRuntime
import Storage

// What other services ask.

extension DeclarationHandler {
    func hasOpen(
        _ request: Declaration.HasOpenRequest, context: RequestContext
    ) async throws -> Declaration.HasOpenReply {
        let found = try database.fetch { rows in
            try DeclarationStore.inFlight(of: request.personKey, rows)
        }
        return Declaration.HasOpenReply(open: found != nil)
    }
}
