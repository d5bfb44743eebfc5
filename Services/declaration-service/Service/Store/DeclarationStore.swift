import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// The SQL of declarations: rows in, statements out.
enum DeclarationStore {
    // MARK: reads

    static let columns = """
        d.id AS id, d.person_id AS person_id, d.person_key AS person_key,
        d.applicant AS applicant, d.unit_id AS unit_id, d.unit AS unit, d.phase AS phase,
        d.version AS version, d.round AS round, d.accepted_round AS accepted_round,
        d.sort_ms AS sort_ms,
        d.submitted_ms AS submitted_ms, d.application AS application, d.item_ids AS item_ids,
        d.claimed_by AS claimed_by, d.claimed_by_name AS claimed_by_name,
        d.waiting_step AS waiting_step, d.reviewed AS reviewed,
        d.reservation_id AS reservation_id, d.reservation_round AS reservation_round,
        d.defects AS defects, d.correct_by AS correct_by, d.notice_until AS notice_until,
        d.correction AS correction,
        \(PlanStore.columns)
        """
    /// As ``columns``, for lists of tasks: what no row of theirs shows is empty, and the plan is not looked up.
    static let listColumns = """
        d.id AS id, d.person_id AS person_id, x'' AS person_key, d.applicant AS applicant,
        d.unit_id AS unit_id, x'' AS unit, d.phase AS phase, d.version AS version, d.round AS round,
        d.accepted_round AS accepted_round, d.sort_ms AS sort_ms, d.submitted_ms AS submitted_ms,
        d.application AS application, '' AS item_ids, d.claimed_by AS claimed_by,
        d.claimed_by_name AS claimed_by_name, d.waiting_step AS waiting_step,
        d.reviewed AS reviewed, NULL AS reservation_id, 0 AS reservation_round, '' AS defects,
        '' AS correct_by, '' AS notice_until, NULL AS correction,
        \(PlanStore.noColumns)
        """

    static let source = "declarations AS d JOIN plans AS p ON p.id = d.plan_id"

    static func declaration(
        _ id: String, _ rows: any RowReader
    ) throws -> StoredDeclaration? {
        try rows.row(
            Statement("SELECT \(columns) FROM \(source) WHERE d.id = ?", [.text(id)])
        ).map(stored)
    }

    /// The declaration when the viewer may see it: foreign ids answer as unknown ones do.
    static func declaration(
        _ id: String, for viewer: Viewer, _ rows: any RowReader
    ) throws -> StoredDeclaration? {
        guard let found = try declaration(id, rows) else { return nil }
        let sees =
            switch viewer {
            case .applicant(let personID): found.personID == personID
            case .officer(let officer):
                found.unit.id == officer.unit.id && found.isVisibleToUnit
            // What was ever on their desk.
            case .party(let party): try RoundStore.isKnown(to: party.desks, id, rows)
            }
        return sees ? found : nil
    }

    /// The person's one declaration in flight.
    static func inFlight(
        of personKey: [UInt8], _ rows: any RowReader
    ) throws -> String? {
        try rows.row(
            Statement(
                "SELECT id FROM declarations WHERE person_key = ? AND in_flight = 1",
                [.blob(personKey)]))?.text("id")
    }

    private static let isClaimed = "d.claimed_by = ? AND d.phase IN (3, 4, 12) AND d.unit_id = ?"

    /// What the officer has claimed and the unit has not done with, at most so many.
    static func claimed(
        by officer: String, unit: String, limit: Int, _ rows: any RowReader
    ) throws -> [StoredDeclaration] {
        try rows.rows(
            Statement(
                "SELECT \(columns) FROM \(source) WHERE \(isClaimed) LIMIT ?",
                [.text(officer), .text(unit), .integer(Int64(limit))]), limit: limit
        ).map(stored)
    }

    /// How many those are.
    static func claims(
        of officer: String, unit: String, _ rows: any RowReader
    ) throws -> Int64 {
        try rows.row(
            Statement(
                "SELECT count(*) AS n FROM declarations AS d WHERE \(isClaimed)",
                [.text(officer), .text(unit)]))?.integer("n") ?? 0
    }

    /// How many declarations of the unit's persons are in flight.
    static func open(at unit: String, _ rows: any RowReader) throws -> Int64 {
        try rows.row(
            Statement(
                "SELECT count(*) AS n FROM declarations WHERE unit_id = ? AND in_flight = 1",
                [.text(unit)]))?.integer("n") ?? 0
    }

    /// How many drafts the person keeps.
    static func drafts(of person: String, _ rows: any RowReader) throws -> Int64 {
        try rows.row(
            Statement(
                "SELECT count(*) AS n FROM declarations WHERE person_id = ? AND phase = 1",
                [.text(person)]))?.integer("n") ?? 0
    }

    /// Whether this declaration's termination closed the year to its applicant, and still does.
    static func bans(by declaration: String, _ rows: any RowReader) throws -> Bool {
        try rows.row(
            Statement(
                "SELECT 1 AS found FROM bans WHERE declaration_id = ?", [.text(declaration)]))
            != nil
    }

    static func liftBan(of declaration: String) -> Statement {
        Statement(
            "DELETE FROM bans WHERE declaration_id = ?", [.text(declaration)],
            expectedChanges: 1)
    }

    static func isBanned(
        _ personKey: [UInt8], year: Int32, _ rows: any RowReader
    ) throws -> Bool {
        try rows.row(
            Statement(
                "SELECT 1 AS found FROM bans WHERE person_key = ? AND year = ?",
                [.blob(personKey), .integer(Int64(year))])) != nil
    }

    /// Returned ones whose last day lies before the day, at most so many.
    static func overdue(
        on day: CivilDay, limit: Int, _ rows: any RowReader
    ) throws -> [StoredDeclaration] {
        try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM \(source)
                WHERE d.phase = 11 AND d.waiting_step IS NULL AND d.correct_by < ?
                ORDER BY d.correct_by LIMIT ?
                """, [.text("\(day)"), .integer(Int64(limit))]), limit: limit
        ).map(stored)
    }

    static func flow(
        _ id: String, _ rows: any RowReader
    ) throws -> [Common.FlowStep] {
        try rows.rows(
            Statement(
                """
                SELECT node, action, actor_name, opinion, at_ms FROM flow_steps
                WHERE declaration_id = ? ORDER BY position
                """, [.text(id)]), limit: 1_000
        ).map { row in
            Common.FlowStep(
                node: try row.text("node"), action: try row.text("action"),
                actorName: try row.text("actor_name"), opinion: try row.text("opinion"),
                atMs: try row.integer("at_ms"))
        }
    }

    /// The items that the round froze, in the archive's order.
    static func snapshot(
        _ id: String, round: Int64, _ rows: any RowReader
    ) throws -> [Archive.Item] {
        try rows.rows(
            Statement(
                """
                SELECT item FROM snapshots WHERE declaration_id = ? AND round = ?
                ORDER BY position
                """, [.text(id), .integer(round)]), limit: FrozenItem.most
        ).map { try Archive.Item(decoding: try $0.blob("item")) }
    }

    /// One of them, of the round that was accepted last; nil when it is none.
    static func frozen(
        _ item: String, in declaration: StoredDeclaration, _ rows: any RowReader
    ) throws -> Archive.Item? {
        try rows.row(
            Statement(
                """
                SELECT item FROM snapshots WHERE declaration_id = ? AND round = ? AND item_id = ?
                """,
                [.text(declaration.id), .integer(declaration.acceptedRound), .text(item)])
        ).map { try Archive.Item(decoding: try $0.blob("item")) }
    }

    static func stored(_ row: Row) throws -> StoredDeclaration {
        guard let phase = DeclarationPhase(rawValue: try row.integer("phase")) else {
            preconditionFailure("a stored phase cannot be read")
        }
        // As it was at the submission; whose it is since then, a merge says.
        var unit = try Identity.UnitSummary(decoding: try row.blob("unit"))
        unit.id = try row.text("unit_id")
        return StoredDeclaration(
            id: try row.text("id"), personID: try row.text("person_id"),
            personKey: try row.blob("person_key"),
            applicant: try Identity.PersonSummary(decoding: try row.blob("applicant")),
            unit: unit,
            plan: try PlanStore.stored(row), phase: phase, version: try row.integer("version"),
            round: try row.integer("round"), acceptedRound: try row.integer("accepted_round"),
            sortMilliseconds: try row.integer("sort_ms"),
            submittedMilliseconds: try row.optionalInteger("submitted_ms"),
            application: try Declaration.Application(decoding: try row.blob("application")),
            itemIDs: lines(try row.text("item_ids")),
            claim: try row.optionalText("claimed_by").map {
                StoredDeclaration.Claim(
                    officerID: $0, officerName: try row.text("claimed_by_name"))
            },
            waitingStep: try row.optionalText("waiting_step"),
            wasReviewed: try row.integer("reviewed") == 1,
            reservation: try row.optionalText("reservation_id").map {
                StoredDeclaration.Reservation(
                    id: $0, round: try row.integer("reservation_round"))
            },
            defects: lines(try row.text("defects")), correctBy: try row.text("correct_by"),
            noticeUntil: try row.text("notice_until"),
            correction: try row.optionalBlob("correction").map(
                Declaration.SaveDraftRequest.init(decoding:)))
    }

    // MARK: writes

    static func insert(_ declaration: StoredDeclaration) -> Statement {
        Statement(
            """
            INSERT INTO declarations (person_key, applicant_name, applicant, unit_id, unit,
                plan_id, phase, in_flight, version, round, accepted_round, sort_ms, submitted_ms,
                application, item_ids, claimed_by, claimed_by_name, waiting_step, reviewed,
                reservation_id, reservation_round, defects, correct_by, notice_until, correction,
                id, person_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, values(declaration) + [.text(declaration.id), .text(declaration.personID)])
    }

    /// Writes the row in place of the version before.
    static func update(_ declaration: StoredDeclaration) -> Statement {
        Statement(
            """
            UPDATE declarations SET person_key = ?, applicant_name = ?, applicant = ?,
                unit_id = ?, unit = ?, plan_id = ?, phase = ?, in_flight = ?, version = ?,
                round = ?, accepted_round = ?, sort_ms = ?, submitted_ms = ?, application = ?,
                item_ids = ?, claimed_by = ?, claimed_by_name = ?, waiting_step = ?,
                reviewed = ?, reservation_id = ?, reservation_round = ?, defects = ?,
                correct_by = ?, notice_until = ?, correction = ?
            WHERE id = ? AND version = ?
            """,
            values(declaration) + [.text(declaration.id), .integer(declaration.version - 1)],
            expectedChanges: 1)
    }

    /// What is known of the applicant now. Nothing that anybody decides on by the version.
    static func describe(_ declaration: StoredDeclaration) -> Statement {
        Statement(
            "UPDATE declarations SET applicant = ? WHERE id = ?",
            [.message(declaration.applicant), .text(declaration.id)], expectedChanges: 1)
    }

    private static func values(_ declaration: StoredDeclaration) -> [Value] {
        [
            .blob(declaration.personKey), .text(declaration.applicant.name),
            .message(declaration.applicant), .text(declaration.unit.id),
            .message(declaration.unit), .text(declaration.plan.id),
            .integer(declaration.phase.rawValue), .integer(declaration.isInFlight ? 1 : 0),
            .integer(declaration.version), .integer(declaration.round),
            .integer(declaration.acceptedRound), .integer(declaration.sortMilliseconds),
            .optional(declaration.submittedMilliseconds), .message(declaration.application),
            .text(declaration.itemIDs.joined(separator: "\n")),
            .optional(declaration.claim?.officerID), .optional(declaration.claim?.officerName),
            .optional(declaration.waitingStep), .integer(declaration.wasReviewed ? 1 : 0),
            .optional(declaration.reservation?.id), .optional(declaration.reservation?.round),
            .text(declaration.defects.joined(separator: "\n")), .text(declaration.correctBy),
            .text(declaration.noticeUntil),
            declaration.correction.map { .message($0) } ?? .null,
        ]
    }

    /// A draft, with what submissions that the archive refused left of it.
    static func delete(_ draft: StoredDeclaration) -> [Statement] {
        ["snapshots", "steps", "submissions"].map {
            Statement("DELETE FROM \($0) WHERE declaration_id = ?", [.text(draft.id)])
        } + [
            Statement(
                "DELETE FROM declarations WHERE id = ? AND version = ? AND phase = 1",
                [.text(draft.id), .integer(draft.version)], expectedChanges: 1)
        ]
    }

    static func freeze(
        _ items: [FrozenItem], in declaration: String, round: Int64
    ) -> [Statement] {
        items.enumerated().map { position, item in
            Statement(
                """
                INSERT INTO snapshots
                    (declaration_id, round, position, item_id, item_version, item)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(declaration), .integer(round), .integer(Int64(position)),
                    .text(item.id), .integer(item.version), .blob(item.bytes),
                ])
        }
    }

    static func append(
        _ step: Common.FlowStep, actor: String, to declaration: String
    ) -> Statement {
        Statement(
            """
            INSERT INTO flow_steps (declaration_id, position, node, action, actor_id, actor_name,
                opinion, at_ms)
            VALUES (?,
                (SELECT coalesce(max(f.position), 0) + 1 FROM flow_steps AS f
                 WHERE f.declaration_id = ?), ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(declaration), .text(declaration), .text(step.node), .text(step.action),
                .text(actor), .text(step.actorName), .text(step.opinion), .integer(step.atMs),
            ])
    }

    /// A second termination in the year leaves the first ban.
    static func ban(_ declaration: StoredDeclaration, at now: Timestamp) -> Statement {
        Statement(
            """
            INSERT INTO bans (person_key, year, declaration_id, at_ms) VALUES (?, ?, ?, ?)
            ON CONFLICT (person_key, year) DO NOTHING
            """,
            [
                .blob(declaration.personKey), .integer(Int64(declaration.plan.year)),
                .text(declaration.id), .integer(now.milliseconds),
            ])
    }

    private static func lines(_ text: String) -> [String] {
        text.isEmpty ? [] : text.utf8.split(separator: UInt8(ascii: "\n")).compactMap(String.init)
    }
}
