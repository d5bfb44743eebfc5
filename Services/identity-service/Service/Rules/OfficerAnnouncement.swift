import MessageCoding
import Messages
import Storage

/// What the services that review are told when a unit's officers change, one message for each of them.
struct OfficerAnnouncement: Sendable {
    /// How the outbox names such messages.
    static let kind = "officer_change"

    /// The services that are told, with the 16 bytes of each message's id; none when the deployment connects none.
    let receivers: [(service: String, messageID: [UInt8])]

    /// - Parameters:
    ///   - left: the person id of who left; nil for nobody.
    ///   - soleKey: of the officer who is the only one now; nil when there are more, or it is not on record.
    func messages(
        unit: StoredUnit, left: String? = nil, soleKey: [UInt8]?
    ) -> [OutboxMessage] {
        guard left != nil || soleKey != nil else { return [] }
        return messages(
            Identity.ApplyOfficerChangeRequest(
                unitID: unit.id, leftID: left ?? "", soleKey: soleKey ?? [],
                region: unit.details.region), unit)
    }

    /// Somebody joins: who was alone until now is so no more, and from the next round on reviewed by the unit again (I10).
    /// - Parameter officers: the active ones before.
    func messages(unit: StoredUnit, joining officers: [ActiveOfficer]) -> [OutboxMessage] {
        guard let key = officers.soleKey() else { return [] }
        return messages(
            Identity.ApplyOfficerChangeRequest(unitID: unit.id, accompaniedKey: key), unit)
    }

    private func messages(
        _ change: Identity.ApplyOfficerChangeRequest, _ unit: StoredUnit
    ) -> [OutboxMessage] {
        receivers.map { receiver in
            OutboxMessage(
                // One that is down keeps nothing from the other.
                lane: "officers:\(receiver.service):\(unit.id)", destination: receiver.service,
                kind: Self.kind,
                id: receiver.messageID,
                // A request that cannot be packed (longer than 2 GiB) cannot occur here.
                payload: (try? change.encodedBytes()) ?? [])
        }
    }
}

extension [ActiveOfficer] {
    /// The keyed index of the only one's ID number.
    /// - Parameter leaving: who does not count any more.
    func soleKey(without leaving: String? = nil) -> [UInt8]? {
        let staying = filter { $0.personID != leaving }
        return staying.count == 1 ? staying[0].key : nil
    }

    /// The unit's region when its only officer is that person, who then needs the superior's review (I10); otherwise "".
    func referral(of person: [UInt8]?, in unit: StoredUnit?) -> String {
        guard let key = soleKey(), key == person else { return "" }
        return unit?.details.region ?? ""
    }
}
