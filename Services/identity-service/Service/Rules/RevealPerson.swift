import Domain
import Messages
import ServiceRuntime
import Storage

/// A look at somebody's ID number and phone in clear (E4): noted for the person to see, and in the audit, before the numbers go out.
struct RevealPerson: Command {
    let officer: Officer
    let registrationID: String
    let reason: String
    /// Of the note.
    let newID: String

    func read(_ rows: any RowReader) throws -> StoredRegistration? {
        guard let stored = try RegistrationStore.registration(registrationID, rows) else {
            return nil
        }
        if stored.unitID == officer.unit.id { return stored }
        // What the unit keeps of somebody who left, as it was.
        return try RegistrationHistory.former(registrationID, unit: officer.unit.id, rows)?
            .registration
    }

    func decide(
        _ registration: StoredRegistration?, at now: Timestamp
    ) throws(Refusal) -> Plan<SeenForm> {
        guard let registration else { throw .notFound("人员注册") }
        let reveal = StoredReveal(
            id: newID, personID: registration.personID, registrationID: registration.id,
            officerID: officer.personID, officerName: officer.name, unitID: officer.unit.id,
            unitName: officer.unit.name, reason: reason, atMilliseconds: now.milliseconds)
        return Plan(
            writes: [RevealStore.insert(reveal)],
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "identity.person.reveal",
                    object: "registration:\(registration.id)", before: [],
                    after: [("reveal", newID), ("unit", officer.unit.id)])
            ], reply: SeenForm(personID: registration.personID, form: registration.form))
    }
}

/// The sealed numbers, to be opened once the look is noted. Never stored under an idempotency key: each look is one.
struct SeenForm: StorableReply {
    let personID: String
    let form: RegistrationForm

    init(personID: String, form: RegistrationForm) {
        self.personID = personID
        self.form = form
    }

    func storedBytes() throws -> [UInt8] {
        preconditionFailure("a look has no idempotency key")
    }

    init(storedBytes: [UInt8]) throws {
        preconditionFailure("a look has no idempotency key")
    }
}
