import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// Where an entrusted review is. The raw values are those of `Declaration.EntrustmentState`, and are stored.
enum EntrustmentPhase: Int64, CaseIterable, Sendable {
    /// → withCommittee, refused.
    case withDepartment = 1
    /// → accepted, refused.
    case withCommittee = 2
    /// Final: the named persons may declare to the plan.
    case accepted = 3
    /// Final.
    case refused = 4
}

/// A unit's request that another region's committee reviews its people.
struct StoredEntrustment: Sendable {
    let id: String
    let planID: String
    let unitID: String
    let unitName: String
    /// Of the unit: its HR department passes the request on.
    let region: String
    let committeeID: String
    var phase: EntrustmentPhase
    var version: Int64
    let reason: String
    let letter: Common.Attachment
    let persons: [Person]
    let requestedMilliseconds: Int64
    var flow: [Common.FlowStep]

    /// One who is to declare elsewhere.
    struct Person: Sendable {
        let id: String
        let name: String
        /// Keyed index of the ID number: nobody decides on themselves. Empty in rows from before migration 8.
        let key: [UInt8]
    }

    var message: Declaration.Entrustment {
        Declaration.Entrustment(
            id: id, planID: planID, unitID: unitID, unitName: unitName,
            persons: persons.map {
                Declaration.EntrustedPerson(personID: $0.id, name: $0.name)
            },
            reason: reason, letter: letter,
            state: Declaration.EntrustmentState(rawValue: Int32(phase.rawValue)),
            version: version, requestedMs: requestedMilliseconds, flow: flow)
    }
}

/// Whose entrusted reviews.
enum EntrustmentViewer: Sendable {
    case unit(String)
    /// The HR department of a region sees those of all units in it.
    case department(region: String)
    /// What its HR department passed on.
    case committee(String)

    /// For a row `e`.
    fileprivate var condition: (sql: String, arguments: [Value]) {
        switch self {
        case .unit(let id): return ("e.unit_id = ?", [.text(id)])
        case .department(let region):
            let codes = Region(code: region)?.codeRange ?? (first: "", end: "")
            return ("e.region >= ? AND e.region < ?", [.text(codes.first), .text(codes.end)])
        case .committee(let id): return ("e.committee_id = ? AND e.state > 1", [.text(id)])
        }
    }
}

/// The SQL of entrusted reviews: rows in, statements out.
enum EntrustmentStore {
    /// Persons of one request.
    static let mostPersons = 50

    static func entrustment(
        _ id: String, for viewer: EntrustmentViewer, _ rows: any RowReader
    ) throws -> StoredEntrustment? {
        let (condition, arguments) = viewer.condition
        return try rows.row(
            Statement(
                "SELECT * FROM entrustments AS e WHERE e.id = ? AND \(condition)",
                [.text(id)] + arguments)
        ).map { try stored($0, rows) }
    }

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        for viewer: EntrustmentViewer, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [StoredEntrustment] {
        let (condition, arguments) = viewer.condition
        return try rows.rows(
            Statement(
                """
                SELECT * FROM entrustments AS e WHERE \(condition)
                    AND (e.requested_ms, e.id) < (?, ?)
                ORDER BY e.requested_ms DESC, e.id DESC LIMIT ?
                """, arguments + bounds.arguments), limit: bounds.size + 1
        ).map { try stored($0, rows) }
    }

    /// Whether an accepted request lets the person declare to the plan.
    static func isEntrusted(
        _ person: String, plan: String, _ rows: any RowReader
    ) throws -> Bool {
        try rows.row(
            Statement(
                """
                SELECT 1 AS found FROM entrusted_persons AS p
                JOIN entrustments AS e ON e.id = p.entrustment_id AND e.state = 3
                WHERE p.person_id = ? AND p.plan_id = ? LIMIT 1
                """, [.text(person), .text(plan)])) != nil
    }

    private static func stored(_ row: Row, _ rows: any RowReader) throws -> StoredEntrustment {
        let id = try row.text("id")
        guard let phase = EntrustmentPhase(rawValue: try row.integer("state")) else {
            preconditionFailure("a stored state cannot be read")
        }
        let persons = try rows.rows(
            Statement(
                """
                SELECT person_id, name, person_key FROM entrusted_persons WHERE entrustment_id = ?
                ORDER BY position
                """, [.text(id)]), limit: mostPersons
        ).map {
            StoredEntrustment.Person(
                id: try $0.text("person_id"), name: try $0.text("name"),
                key: try $0.blob("person_key"))
        }
        return StoredEntrustment(
            id: id, planID: try row.text("plan_id"), unitID: try row.text("unit_id"),
            unitName: try row.text("unit_name"), region: try row.text("region"),
            committeeID: try row.text("committee_id"), phase: phase,
            version: try row.integer("version"), reason: try row.text("reason"),
            letter: try Common.Attachment(decoding: try row.blob("letter")), persons: persons,
            requestedMilliseconds: try row.integer("requested_ms"),
            // The flow is short: request, department, committee.
            flow: try Declaration.Entrustment(decoding: try row.blob("flow")).flow)
    }

    /// How many of the unit's are not answered yet.
    static func open(of unit: String, _ rows: any RowReader) throws -> Int64 {
        try rows.row(
            Statement(
                "SELECT count(*) AS n FROM entrustments WHERE unit_id = ? AND state IN (1, 2)",
                [.text(unit)]))?.integer("n") ?? 0
    }

    /// The hashes of the letters of all entrustments, which are few.
    /// - Throws: when they are more than can be read at once.
    static func letterHashes(_ rows: any RowReader) throws -> [[UInt8]] {
        let most = 100_000
        let found = try rows.rows(
            Statement("SELECT letter FROM entrustments"), limit: most + 1)
        guard found.count <= most else { throw AttachmentPart.TooManyRows() }
        return try found.map { try Common.Attachment(decoding: try $0.blob("letter")).sha256 }
    }

    // MARK: writes

    static func insert(_ entrustment: StoredEntrustment) -> [Statement] {
        [
            Statement(
                """
                INSERT INTO entrustments (id, plan_id, unit_id, unit_name, region, committee_id,
                    state, version, reason, letter, requested_ms, flow)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(entrustment.id), .text(entrustment.planID),
                    .text(entrustment.unitID), .text(entrustment.unitName),
                    .text(entrustment.region), .text(entrustment.committeeID),
                    .integer(entrustment.phase.rawValue), .integer(entrustment.version),
                    .text(entrustment.reason), .message(entrustment.letter),
                    .integer(entrustment.requestedMilliseconds),
                    .message(Declaration.Entrustment(flow: entrustment.flow)),
                ])
        ]
            + entrustment.persons.enumerated().map { position, person in
                Statement(
                    """
                    INSERT INTO entrusted_persons
                        (entrustment_id, position, plan_id, person_id, name, person_key)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                    [
                        .text(entrustment.id), .integer(Int64(position)),
                        .text(entrustment.planID), .text(person.id), .text(person.name),
                        .blob(person.key),
                    ])
            }
    }

    /// Writes the row in place of the version before.
    static func update(_ entrustment: StoredEntrustment) -> Statement {
        Statement(
            """
            UPDATE entrustments SET state = ?, version = ?, flow = ? WHERE id = ? AND version = ?
            """,
            [
                .integer(entrustment.phase.rawValue), .integer(entrustment.version),
                .message(Declaration.Entrustment(flow: entrustment.flow)),
                .text(entrustment.id), .integer(entrustment.version - 1),
            ], expectedChanges: 1)
    }
}
