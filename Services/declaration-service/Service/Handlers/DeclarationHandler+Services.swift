import Messages
import RPC
import ServiceRuntime
import Storage

// What other services ask.

extension DeclarationHandler {
    func hasOpen(
        _ request: Declaration.HasOpenRequest, context: RequestContext
    ) async throws -> Declaration.HasOpenReply {
        // Without a key: a repeat asks anew, and the hold that a “no” leaves is over by itself.
        try await database.performOnce(AskLeaving(personKey: request.personKey))
    }
}
