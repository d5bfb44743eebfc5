import Domain
import Messages
import Storage

/// A session with everything that the answer to ResolveSession needs.
struct StoredSession: Sendable {
    let person: StoredPerson
    let createdMilliseconds: Int64
    /// When the last noted request came; up to a minute behind.
    let seenMilliseconds: Int64
    let expiresMilliseconds: Int64
    let mustChangePassword: Bool
    let unit: SessionUnit?

    /// The unit that the session acts for, and the person's place in it.
    struct SessionUnit: Sendable {
        let id: String
        let name: String
        let uscc: String
        let nature: String
        let region: String
        let state: UnitState
        let role: Identity.Role
        let isActiveOfficer: Bool
        let activeOfficers: Int64
    }
}

/// The SQL of sessions and used login states: rows in, statements out.
enum SessionStore {
    /// The session of a token, by its hash: one statement, as it runs for every request everywhere.
    static func session(
        tokenHash: [UInt8], _ rows: any RowReader
    ) throws -> StoredSession? {
        try rows.row(
            Statement(
                """
                SELECT s.created_ms, s.seen_ms, s.expires_ms, s.unit_id,
                    p.id AS person_id, p.kind, p.name, p.id_index, p.region, p.committee_id,
                    coalesce(a.must_change, 0) AS must_change,
                    u.name AS unit_name, u.uscc, u.nature, u.region AS unit_region,
                    u.state AS unit_state, o.role AS officer_role, o.active,
                    (SELECT count(*) FROM officers AS c
                     WHERE c.unit_id = s.unit_id AND c.active = 1) AS officers
                FROM sessions AS s
                JOIN persons AS p ON p.id = s.person_id
                LEFT JOIN accounts AS a ON a.person_id = s.person_id
                LEFT JOIN units AS u ON u.id = s.unit_id
                LEFT JOIN officers AS o ON o.unit_id = s.unit_id AND o.person_id = s.person_id
                WHERE s.token_hash = ?
                """, [.blob(tokenHash)])
        ).map(stored)
    }

    private static func stored(_ row: Row) throws -> StoredSession {
        guard let kind = PersonKind(rawValue: try row.text("kind")) else {
            preconditionFailure("the table's CHECK let an unknown kind of person pass")
        }
        let unit: StoredSession.SessionUnit? = try row.optionalText("unit_id").map { id in
            guard let state = UnitState(rawValue: try row.text("unit_state")) else {
                preconditionFailure("the table's CHECK let an unknown unit state pass")
            }
            return StoredSession.SessionUnit(
                id: id, name: try row.text("unit_name"), uscc: try row.text("uscc"),
                nature: try row.text("nature"), region: try row.text("unit_region"),
                state: state,
                role: Identity.Role(
                    rawValue: Int32(try row.optionalInteger("officer_role") ?? 0)),
                isActiveOfficer: try row.optionalInteger("active") == 1,
                activeOfficers: try row.integer("officers"))
        }
        return StoredSession(
            person: StoredPerson(
                id: try row.text("person_id"), kind: kind, name: try row.text("name"),
                idIndex: try row.optionalBlob("id_index"), region: try row.text("region"),
                committeeID: try row.text("committee_id")),
            createdMilliseconds: try row.integer("created_ms"),
            seenMilliseconds: try row.integer("seen_ms"),
            expiresMilliseconds: try row.integer("expires_ms"),
            mustChangePassword: try row.integer("must_change") == 1, unit: unit)
    }

    /// Whether there is any session, live or not yet swept.
    static func exist(_ rows: any RowReader) throws -> Bool {
        try rows.row(Statement("SELECT 1 AS found FROM sessions LIMIT 1")) != nil
    }

    /// How many sessions the person has, live or not yet swept.
    static func count(of person: String, _ rows: any RowReader) throws -> Int64 {
        try rows.row(
            Statement("SELECT count(*) AS n FROM sessions WHERE person_id = ?", [.text(person)]))?
            .integer("n") ?? 0
    }

    // MARK: writes

    static func insert(
        tokenHash: [UInt8], person: String, unit: String?, created: Timestamp, expires: Timestamp
    ) -> Statement {
        Statement(
            """
            INSERT INTO sessions
                (token_hash, person_id, unit_id, created_ms, seen_ms, expires_ms)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                .blob(tokenHash), .text(person), .optional(unit), .integer(created.milliseconds),
                .integer(created.milliseconds), .integer(expires.milliseconds),
            ])
    }

    /// Notes a request at `seen`; never backwards, and nothing for a session that is gone.
    static func touch(tokenHash: [UInt8], seen: Timestamp) -> Statement {
        Statement(
            "UPDATE sessions SET seen_ms = ? WHERE token_hash = ? AND seen_ms < ?",
            [.integer(seen.milliseconds), .blob(tokenHash), .integer(seen.milliseconds)])
    }

    static func delete(tokenHash: [UInt8]) -> Statement {
        Statement("DELETE FROM sessions WHERE token_hash = ?", [.blob(tokenHash)])
    }

    /// - Parameter keeping: the token's hash that stays; nil ends them all.
    static func deleteAll(of person: String, keeping: [UInt8]? = nil) -> Statement {
        Statement(
            "DELETE FROM sessions WHERE person_id = ? AND token_hash <> ?",
            [.text(person), .blob(keeping ?? [])])
    }

    /// Ends the person's sessions for that unit.
    static func deleteAll(of person: String, unit: String) -> Statement {
        Statement(
            "DELETE FROM sessions WHERE person_id = ? AND unit_id = ?",
            [.text(person), .text(unit)])
    }

    /// Ends everybody's sessions for that unit.
    static func deleteAll(unit: String) -> Statement {
        Statement("DELETE FROM sessions WHERE unit_id = ?", [.text(unit)])
    }

    /// Makes room: ends the person's oldest sessions but the newest `keeping`.
    static func deleteOldest(of person: String, keeping: Int64) -> Statement {
        Statement(
            """
            DELETE FROM sessions WHERE token_hash IN (
                SELECT token_hash FROM sessions WHERE person_id = ?
                ORDER BY created_ms DESC, token_hash LIMIT 1000 OFFSET ?)
            """, [.text(person), .integer(keeping)])
    }

    /// Sweeps what nobody can use any more.
    static func deleteExpired(at now: Timestamp) -> [Statement] {
        [
            Statement(
                "DELETE FROM sessions WHERE expires_ms <= ?", [.integer(now.milliseconds)]),
            Statement(
                "DELETE FROM used_login_states WHERE expires_ms <= ?",
                [.integer(now.milliseconds)]),
        ]
    }

    // MARK: login states

    /// Whether the state of this hash has signed somebody in; it may be forgotten when it has ended.
    static func isUsed(state: [UInt8], _ rows: any RowReader) throws -> Bool {
        try rows.row(
            Statement(
                "SELECT 1 AS found FROM used_login_states WHERE state_hash = ?", [.blob(state)]))
            != nil
    }

    static func use(state: [UInt8], until expires: Int64) -> Statement {
        Statement(
            "INSERT INTO used_login_states (state_hash, expires_ms) VALUES (?, ?)",
            [.blob(state), .integer(expires)])
    }
}
