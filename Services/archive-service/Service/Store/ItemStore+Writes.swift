import Storage

extension ItemStore {
    /// A new draft.
    static func insert(_ item: StoredItem) -> Statement {
        Statement(
            """
            INSERT INTO items
                (id, person_id, kind, state, version, round, created_ms, form, main_name,
                 applicant_name, applicant_sex, id_masked)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(item.id), .text(item.personID), .text(item.kind),
                .integer(item.phase.rawValue), .integer(item.version), .integer(item.round),
                .integer(item.createdMilliseconds), .blob(item.form.storedBytes),
                .text(item.mainName),
                .text(item.applicant.name), .text(item.applicant.sex),
                .text(item.applicant.idMasked),
            ])
    }

    /// The applicant's next version of the form.
    static func edit(_ item: StoredItem) -> Statement {
        Statement(
            """
            UPDATE items SET version = ?, form = ?, main_name = ?
            WHERE id = ? AND version = ? AND state IN (1, 4)
            """,
            [
                .integer(item.version), .blob(item.form.storedBytes), .text(item.mainName),
                .text(item.id),
                .integer(item.version - 1),
            ], expectedChanges: 1)
    }

    /// The next state, and with it the counters.
    static func move(_ before: StoredItem, to after: StoredItem) -> [Statement] {
        [
            Statement(
                """
                UPDATE items SET state = ?, version = ?, round = ?, applicant_name = ?,
                    applicant_sex = ?, id_masked = ?, unit_id = ?, submitted_ms = ?
                WHERE id = ? AND version = ? AND state = ?
                """,
                [
                    .integer(after.phase.rawValue), .integer(after.version),
                    .integer(after.round), .text(after.applicant.name),
                    .text(after.applicant.sex), .text(after.applicant.idMasked),
                    after.submission.map { .text($0.unitID) } ?? .null,
                    after.submission.map { .integer($0.atMilliseconds) } ?? .null,
                    .text(after.id), .integer(before.version), .integer(before.phase.rawValue),
                ], expectedChanges: 1)
        ] + count(before.counted, -1) + count(after.counted, 1)
    }

    private static func count(_ place: CountedPlace?, _ step: Int64) -> [Statement] {
        guard let place else { return [] }
        let key: [Value] = [
            .text(place.unitID), .text(place.kind), .integer(place.phase.rawValue),
        ]
        if step < 0 {
            return [
                Statement(
                    """
                    UPDATE item_counts SET items = items - 1
                    WHERE unit_id = ? AND kind = ? AND state = ?
                    """, key, expectedChanges: 1)
            ]
        }
        return [
            Statement(
                """
                INSERT INTO item_counts (unit_id, kind, state, items) VALUES (?, ?, ?, 1)
                ON CONFLICT (unit_id, kind, state) DO UPDATE SET items = item_counts.items + 1
                """, key)
        ]
    }

    /// Adds the next step.
    static func append(_ step: StoredFlowStep, to item: String) -> Statement {
        Statement(
            """
            INSERT INTO flow_steps
                (item_id, step, node, action, actor_id, actor_name, opinion, at_ms)
            VALUES (?,
                (SELECT coalesce(max(f.step), 0) + 1 FROM flow_steps AS f WHERE f.item_id = ?),
                ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(item), .text(item), .text(step.node), .text(step.action),
                .text(step.actorID), .text(step.actorName), .text(step.opinion),
                .integer(step.atMilliseconds),
            ])
    }
}
