import Domain
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

/// What waits of a unit's only officer is the superior's too.
struct ApplyOfficerChange: Command {
    let request: Identity.ApplyOfficerChangeRequest

    func read(_ rows: any RowReader) throws {}

    func decide(
        _ facts: Void, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.ApplyOfficerChangeReply> {
        Plan(
            writes: request.soleKey.isEmpty
                ? []
                : ReferralStore.refer(
                    request.soleKey, unit: request.unitID, to: request.region),
            audit: [
                AuditEntry(
                    actor: "service:identity-service", action: "archive.officers.change",
                    object: "unit:\(request.unitID)",
                    after: [("alone", request.soleKey.isEmpty ? "0" : "1")])
            ], reply: Identity.ApplyOfficerChangeReply())
    }
}
