import Domain
import Messages
import ServiceRuntime
import Storage

/// A registration as it was when the person left the unit for another one: what the old unit keeps, read-only (I8).
struct FormerRegistration: Sendable {
    /// As it was; `version` is that of the time.
    let registration: StoredRegistration
    let leftMilliseconds: Int64
    /// The last step of the flow before the person left.
    let steps: Int64

    /// As the old unit sees it, without the masked numbers.
    /// - Parameter flow: the first ``steps`` steps.
    func message(flow: [StoredFlowStep] = []) -> Identity.Registration {
        var message = registration.message(flow: flow)
        message.stateLabel = "已调出"
        message.leftMs = leftMilliseconds
        return message
    }
}

/// The SQL of what units keep of those who left: rows in, statements out.
enum RegistrationHistory {
    private static let columns = """
        registration_id, person_id, unit_id, round, version, state, name, sex, id_document,
        id_number, id_index, phone, birth_day, political_status, email, registered_ms, left_ms,
        steps
        """

    /// The latest time that the person left this unit.
    static func former(
        _ registration: String, unit: String, _ rows: any RowReader
    ) throws -> FormerRegistration? {
        try rows.row(
            Statement(
                """
                SELECT \(columns) FROM registration_history
                WHERE registration_id = ? AND unit_id = ? ORDER BY left_ms DESC LIMIT 1
                """, [.text(registration), .text(unit)])
        ).map(stored)
    }

    /// One page of those who left, the latest first; one row more when there is a next page.
    static func page(
        unit: String, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [FormerRegistration] {
        try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM registration_history
                WHERE unit_id = ? AND (left_ms, registration_id) < (?, ?)
                ORDER BY left_ms DESC, registration_id DESC LIMIT ?
                """, [.text(unit)] + bounds.arguments), limit: bounds.size + 1
        ).map(stored)
    }

    static func count(unit: String, _ rows: any RowReader) throws -> Int64 {
        try rows.row(
            Statement(
                "SELECT count(*) AS n FROM registration_history WHERE unit_id = ?", [.text(unit)]))?
            .integer("n") ?? 0
    }

    private static func stored(_ row: Row) throws -> FormerRegistration {
        FormerRegistration(
            registration: try RegistrationStore.stored(row, id: "registration_id"),
            leftMilliseconds: try row.integer("left_ms"), steps: try row.integer("steps"))
    }

    /// The unit of `registration` keeps it as it is, with the flow so far. Before the step that moves it.
    static func keep(_ registration: StoredRegistration, at now: Timestamp) -> Statement {
        Statement(
            """
            INSERT INTO registration_history (\(columns))
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
                (SELECT coalesce(max(f.step), 0) FROM flow_steps AS f
                 WHERE f.registration_id = ?))
            """,
            [.text(registration.id), .text(registration.personID)]
                + RegistrationStore.values(registration)
                + [.integer(now.milliseconds), .text(registration.id)])
    }
}
