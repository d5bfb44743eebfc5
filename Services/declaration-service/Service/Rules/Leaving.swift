import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.HasOpenReply: StorableReply {}

/// identity-service asks before a person changes unit or leaves. The answer “nothing is in flight” holds for a
/// while: nothing of theirs is submitted until identity-service has surely decided.
struct AskLeaving: Command {
    /// Longer than any call of identity-service takes, and than a submission that has asked who the person is.
    static let holdMilliseconds: Int64 = 60_000

    let personKey: [UInt8]

    /// Whether a declaration is in flight.
    func read(_ rows: any RowReader) throws -> Bool {
        try DeclarationStore.inFlight(of: personKey, rows) != nil
    }

    func decide(
        _ isInFlight: Bool, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.HasOpenReply> {
        // Whoever has no ID number on record has declared nothing, and cannot.
        guard !isInFlight, (1...64).contains(personKey.count) else {
            return Plan(reply: Declaration.HasOpenReply(open: isInFlight))
        }
        return Plan(
            writes: DeclarationStore.hold(
                personKey, until: now.milliseconds + Self.holdMilliseconds, at: now),
            reply: Declaration.HasOpenReply(open: false))
    }
}

extension DeclarationStore {
    /// Until when nothing of the person is submitted, in milliseconds; nil when nobody asked.
    static func leaving(
        _ personKey: [UInt8], _ rows: any RowReader
    ) throws -> Int64? {
        try rows.row(
            Statement(
                "SELECT until_ms FROM leaving WHERE person_key = ?", [.blob(personKey)]))?
            .integer("until_ms")
    }

    /// What is over goes.
    fileprivate static func hold(
        _ personKey: [UInt8], until milliseconds: Int64, at now: Timestamp
    ) -> [Statement] {
        [
            Statement("DELETE FROM leaving WHERE until_ms <= ?", [.integer(now.milliseconds)]),
            Statement(
                """
                INSERT INTO leaving (person_key, until_ms) VALUES (?, ?)
                ON CONFLICT (person_key) DO UPDATE SET until_ms = excluded.until_ms
                """, [.blob(personKey), .integer(milliseconds)]),
        ]
    }
}
