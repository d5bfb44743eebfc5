import Domain
import Messages
import ServiceRuntime
import Storage

/// What is stored of a registration. ID number and phone are ciphertexts.
struct StoredRegistration: Sendable, Hashable {
    let id: String
    let personID: String
    var unitID: String
    /// Counts the submissions from 1.
    var round: Int64
    var version: Int64
    var phase: RegistrationPhase
    var form: RegistrationForm
    /// When the person came to this unit's list; the list's sort key.
    var registeredMilliseconds: Int64

    /// The task of the current round.
    var taskID: String { TaskID(registration: id, round: round).text }
}

/// What the person filled in, checked, with the numbers sealed.
struct RegistrationForm: Sendable, Hashable {
    var name: String
    var sex: String
    var idDocument: String
    var idNumber: [UInt8]
    var idIndex: [UInt8]
    var phone: [UInt8]
    /// "1990-03-07", "" when the kind of document does not say it.
    var birthDay: String
    var politicalStatus: String
    var email: String
}

/// One step of a registration's flow.
struct StoredFlowStep: Sendable, Hashable {
    let node: String
    let action: String
    let actorID: String
    let actorName: String
    let opinion: String
    let atMilliseconds: Int64
}

/// The SQL of registrations and their flow: rows in, statements out.
enum RegistrationStore {
    private static let columns = """
        id, person_id, unit_id, round, version, state, name, sex, id_document, id_number,
        id_index, phone, birth_day, political_status, email, registered_ms
        """

    static func registration(
        _ id: String, _ rows: any RowReader
    ) throws -> StoredRegistration? {
        try rows.row(
            Statement("SELECT \(columns) FROM registrations WHERE id = ?", [.text(id)])
        ).map { try stored($0) }
    }

    /// The person's one registration that was not cancelled.
    static func live(
        of person: String, _ rows: any RowReader
    ) throws -> StoredRegistration? {
        try rows.row(
            Statement(
                "SELECT \(columns) FROM registrations WHERE person_id = ? AND state <> 5",
                [.text(person)])
        ).map { try stored($0) }
    }

    /// What a unit's list is narrowed by.
    struct Filter: Sendable {
        let unit: String
        /// Nil for all.
        var phase: RegistrationPhase?
        /// A part of the name, or a whole ID number by its index; nil for all.
        var search: (name: String, idIndex: [UInt8])?

        var condition: (sql: String, arguments: [Value]) {
            var sql = "unit_id = ?"
            var arguments: [Value] = [.text(unit)]
            if let phase {
                sql += " AND state = ?"
                arguments.append(.integer(phase.rawValue))
            }
            if let search {
                sql += " AND (replace(name, ?, '') <> name OR id_index = ?)"
                arguments += [.text(search.name), .blob(search.idIndex)]
            }
            return (sql, arguments)
        }
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        _ filter: Filter, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredRegistration] {
        let (condition, arguments) = filter.condition
        return try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM registrations
                WHERE \(condition) AND (registered_ms, id) < (?, ?)
                ORDER BY registered_ms DESC, id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map { try stored($0) }
    }

    static func count(_ filter: Filter, _ rows: any RowReader) throws -> Int64 {
        let (condition, arguments) = filter.condition
        return try rows.row(
            Statement(
                "SELECT count(*) AS n FROM registrations WHERE \(condition)", arguments))?
            .integer("n") ?? 0
    }

    /// The persons whose registration with the unit was not cancelled, at most so many.
    static func persons(
        of unit: String, limit: Int, _ rows: any RowReader
    ) throws -> [String] {
        try rows.rows(
            Statement(
                "SELECT person_id FROM registrations WHERE unit_id = ? AND state <> 5 LIMIT ?",
                [.text(unit), .integer(Int64(limit))]), limit: limit
        ).map { try $0.text("person_id") }
    }

    /// The flow from its first step up to that one; at most the last 200 steps.
    static func flow(
        _ id: String, upTo last: Int64 = .max, _ rows: any RowReader
    ) throws -> [StoredFlowStep] {
        try rows.rows(
            Statement(
                """
                SELECT node, action, actor_id, actor_name, opinion, at_ms FROM flow_steps
                WHERE registration_id = ? AND step <= ? ORDER BY step DESC LIMIT 200
                """, [.text(id), .integer(last)]), limit: 200
        ).map { row in
            StoredFlowStep(
                node: try row.text("node"), action: try row.text("action"),
                actorID: try row.text("actor_id"), actorName: try row.text("actor_name"),
                opinion: try row.text("opinion"), atMilliseconds: try row.integer("at_ms"))
        }.reversed()
    }

    /// - Parameter id: the column of the registration's id.
    static func stored(_ row: Row, id: String = "id") throws -> StoredRegistration {
        guard let phase = RegistrationPhase(rawValue: try row.integer("state")) else {
            preconditionFailure("the table's CHECK let an unknown registration state pass")
        }
        return StoredRegistration(
            id: try row.text(id), personID: try row.text("person_id"),
            unitID: try row.text("unit_id"), round: try row.integer("round"),
            version: try row.integer("version"), phase: phase,
            form: RegistrationForm(
                name: try row.text("name"), sex: try row.text("sex"),
                idDocument: try row.text("id_document"), idNumber: try row.blob("id_number"),
                idIndex: try row.blob("id_index"), phone: try row.blob("phone"),
                birthDay: try row.text("birth_day"),
                politicalStatus: try row.text("political_status"),
                email: try row.text("email")),
            registeredMilliseconds: try row.integer("registered_ms"))
    }

    // MARK: writes

    /// All columns but the ids of registration and person, in their order.
    static func values(_ registration: StoredRegistration) -> [Value] {
        let form = registration.form
        return [
            .text(registration.unitID), .integer(registration.round),
            .integer(registration.version), .integer(registration.phase.rawValue),
            .text(form.name), .text(form.sex), .text(form.idDocument), .blob(form.idNumber),
            .blob(form.idIndex), .blob(form.phone), .text(form.birthDay),
            .text(form.politicalStatus), .text(form.email),
            .integer(registration.registeredMilliseconds),
        ]
    }

    static func insert(_ registration: StoredRegistration) -> Statement {
        Statement(
            """
            INSERT INTO registrations (\(columns))
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [.text(registration.id), .text(registration.personID)] + values(registration))
    }

    /// Writes the next version.
    static func update(_ registration: StoredRegistration) -> Statement {
        Statement(
            """
            UPDATE registrations SET unit_id = ?, round = ?, version = ?, state = ?, name = ?,
                sex = ?, id_document = ?, id_number = ?, id_index = ?, phone = ?, birth_day = ?,
                political_status = ?, email = ?, registered_ms = ?
            WHERE id = ? AND version = ?
            """,
            values(registration) + [.text(registration.id), .integer(registration.version - 1)],
            expectedChanges: 1)
    }

    /// Adds the next step.
    static func append(_ step: StoredFlowStep, to registration: String) -> Statement {
        Statement(
            """
            INSERT INTO flow_steps
                (registration_id, step, node, action, actor_id, actor_name, opinion, at_ms)
            VALUES (?,
                (SELECT coalesce(max(f.step), 0) + 1 FROM flow_steps AS f
                 WHERE f.registration_id = ?), ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(registration), .text(registration), .text(step.node), .text(step.action),
                .text(step.actorID), .text(step.actorName), .text(step.opinion),
                .integer(step.atMilliseconds),
            ])
    }

    /// Every registration of the unit becomes the other's, as it stands, with that step.
    /// - Parameter expected: how many there are.
    static func move(
        _ unit: String, to other: String, _ step: StoredFlowStep, expected: Int64
    ) -> [Statement] {
        [
            Statement(
                """
                INSERT INTO flow_steps
                    (registration_id, step, node, action, actor_id, actor_name, opinion, at_ms)
                SELECT r.id, (SELECT coalesce(max(f.step), 0) + 1 FROM flow_steps AS f
                    WHERE f.registration_id = r.id), ?, ?, ?, ?, ?, ?
                FROM registrations AS r WHERE r.unit_id = ?
                """,
                [
                    .text(step.node), .text(step.action), .text(step.actorID),
                    .text(step.actorName), .text(step.opinion), .integer(step.atMilliseconds),
                    .text(unit),
                ], expectedChanges: Int(expected)),
            Statement(
                "UPDATE registrations SET unit_id = ?, version = version + 1 WHERE unit_id = ?",
                [.text(other), .text(unit)], expectedChanges: Int(expected)),
        ]
    }
}
