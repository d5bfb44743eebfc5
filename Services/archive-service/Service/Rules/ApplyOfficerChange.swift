import Domain
import Messages
import ServiceRuntime
import Storage

/// What waits of a unit's only officer is the superior's too (I10). Nothing here is claimed.
struct ApplyOfficerChange: Command {
    let request: Identity.ApplyOfficerChangeRequest

    struct Facts: Sendable {
        /// What is to be referred.
        let items: Int64
        let withdrawals: Int64
    }

    func read(_ rows: any RowReader) throws -> Facts {
        guard !request.soleKey.isEmpty else { return Facts(items: 0, withdrawals: 0) }
        func count(_ table: ReferralStore.Table) throws -> Int64 {
            try ReferralStore.count(
                in: table, of: request.soleKey, unit: request.unitID, notYet: request.region, rows)
        }
        return Facts(items: try count(.items), withdrawals: try count(.withdrawals))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.ApplyOfficerChangeReply> {
        let (unit, region) = (request.unitID, request.region)
        return Plan(
            writes: request.soleKey.isEmpty
                ? [] : ReferralStore.refer(request.soleKey, unit: unit, to: region),
            messages: [
                Announcement.referred(
                    facts.items, TaskKind.item.label, machine: "archive_item", unit: unit,
                    to: region, at: now),
                Announcement.referred(
                    facts.withdrawals, TaskKind.withdrawal.label, machine: "withdrawal_request",
                    unit: unit, to: region, at: now),
            ].compactMap { $0?.message },
            audit: [
                AuditEntry(
                    actor: "service:identity-service", action: "archive.officers.change",
                    object: "unit:\(unit)",
                    after: [("alone", request.soleKey.isEmpty ? "0" : "1")])
            ], reply: Identity.ApplyOfficerChangeReply())
    }
}
