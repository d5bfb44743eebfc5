import Domain
import Messages
import Storage

/// An officer as the unit's list shows it.
struct ListedOfficer: Sendable, Hashable {
    var officer: StoredOfficer
    let name: String
    /// "" for somebody who comes through a provider.
    let account: String
    /// Whether name and ID number are on record (实名).
    let isRecorded: Bool
    /// Since when the officer has the role, or has left.
    var sinceMilliseconds: Int64

    /// As it travels.
    var message: Identity.UnitOfficer {
        Identity.UnitOfficer(
            personID: officer.personID, name: name, role: officer.role, active: officer.isActive,
            account: account, recorded: isRecorded, sinceMs: sinceMilliseconds)
    }
}

/// Who works for a unit now.
struct ActiveOfficer: Sendable, Hashable {
    let personID: String
    /// Keyed index of the ID number; nil until it is recorded.
    let key: [UInt8]?
}

/// The SQL of a unit's officers: rows in, statements out.
enum OfficerStore {
    /// The most active officers of a unit, and the longest list.
    static let most = 200

    private static let select = """
        SELECT o.unit_id, o.person_id, o.role, o.active, o.since_ms, p.name,
            p.id_index IS NOT NULL AS recorded, coalesce(a.account, '') AS account
        FROM officers AS o
        JOIN persons AS p ON p.id = o.person_id
        LEFT JOIN accounts AS a ON a.person_id = o.person_id
        """

    /// Active officers first, then those who left; the latest first. At most ``most``.
    static func list(unit: String, _ rows: any RowReader) throws -> [ListedOfficer] {
        try rows.rows(
            Statement(
                """
                \(select) WHERE o.unit_id = ?
                ORDER BY o.active DESC, o.since_ms DESC, o.person_id LIMIT ?
                """, [.text(unit), .integer(Int64(most))]), limit: most
        ).map(listed)
    }

    /// The person's place in the unit, also a former one.
    static func officer(
        _ person: String, unit: String, _ rows: any RowReader
    ) throws -> ListedOfficer? {
        try rows.row(
            Statement(
                "\(select) WHERE o.unit_id = ? AND o.person_id = ?", [.text(unit), .text(person)])
        ).map(listed)
    }

    /// The unit's active officers, at most three: enough to tell whether one stays alone when another leaves.
    static func active(unit: String, _ rows: any RowReader) throws -> [ActiveOfficer] {
        try rows.rows(
            Statement(
                """
                SELECT o.person_id, p.id_index FROM officers AS o
                JOIN persons AS p ON p.id = o.person_id
                WHERE o.unit_id = ? AND o.active = 1 LIMIT 3
                """, [.text(unit)]), limit: 3
        ).map { row in
            ActiveOfficer(
                personID: try row.text("person_id"), key: try row.optionalBlob("id_index"))
        }
    }

    /// How many active officers the unit has, and how many of them are administrators.
    static func count(
        unit: String, _ rows: any RowReader
    ) throws -> (active: Int64, administrators: Int64) {
        let row = try rows.row(
            Statement(
                """
                SELECT count(*) AS active,
                    coalesce(sum(CASE WHEN role = 1 THEN 1 ELSE 0 END), 0) AS administrators
                FROM officers WHERE unit_id = ? AND active = 1
                """, [.text(unit)]))
        return (
            try row?.integer("active") ?? 0, try row?.integer("administrators") ?? 0
        )
    }

    private static func listed(_ row: Row) throws -> ListedOfficer {
        ListedOfficer(
            officer: StoredOfficer(
                unitID: try row.text("unit_id"), personID: try row.text("person_id"),
                role: Identity.Role(rawValue: Int32(try row.integer("role"))),
                isActive: try row.integer("active") == 1),
            name: try row.text("name"), account: try row.text("account"),
            isRecorded: try row.integer("recorded") == 1,
            sinceMilliseconds: try row.integer("since_ms"))
    }

    /// Writes role and activity.
    static func update(_ officer: StoredOfficer, at now: Timestamp) -> Statement {
        Statement(
            """
            UPDATE officers SET role = ?, active = ?, since_ms = ?
            WHERE unit_id = ? AND person_id = ?
            """,
            [
                .integer(Int64(officer.role.rawValue)), .integer(officer.isActive ? 1 : 0),
                .integer(now.milliseconds), .text(officer.unitID), .text(officer.personID),
            ], expectedChanges: 1)
    }

    /// The unit's officers leave it, and stand among those who left the other one; whoever is there has a place already. With them go
    /// those whose own unit was merged into this one, and whom nobody has enabled here.
    static func leave(_ unit: String, for other: String, at now: Timestamp) -> [Statement] {
        [
            Statement(
                """
                INSERT INTO officers (unit_id, person_id, role, active, since_ms)
                SELECT ?, person_id, role, 0, ? FROM officers WHERE unit_id = ? AND (active = 1
                    OR person_id IN (
                        SELECT o.person_id FROM officers AS o JOIN units AS m ON m.id = o.unit_id
                        WHERE m.merged_into IN (?, ?) AND m.id <> ?))
                ON CONFLICT (unit_id, person_id) DO NOTHING
                """,
                [.text(other), .integer(now.milliseconds)]
                    + [unit, unit, other, unit].map { .text($0) }),
            Statement(
                "UPDATE officers SET active = 0, since_ms = ? WHERE unit_id = ? AND active = 1",
                [.integer(now.milliseconds), .text(unit)]),
        ]
    }
}
