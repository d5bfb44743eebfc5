import Domain
import Messages
import ServiceRuntime
import Storage

// Supplements and superseding records (Q2).

extension QuotaStore {
    /// All supplements of the record, oldest first.
    static func supplements(
        of record: String, _ rows: any RowReader
    ) throws -> [Quota.Supplement] {
        try rows.rows(
            Statement(
                """
                SELECT id, number, reason, document_name, document_media_type, document_bytes,
                    document_sha256, issued_by_name, issued_ms
                FROM supplements WHERE record_id = ? ORDER BY number
                """, [.text(record)]), limit: SupplementRecord.most
        ).map { row in
            let id = try row.text("id")
            return Quota.Supplement(
                id: id, number: Int32(try row.integer("number")),
                changes: try changes(of: id, rows), reason: try row.text("reason"),
                document: Common.Attachment(
                    id: id, fileName: try row.text("document_name"),
                    mediaType: try row.text("document_media_type"),
                    byteCount: try row.integer("document_bytes"),
                    sha256: try row.blob("document_sha256")),
                issuedByName: try row.text("issued_by_name"),
                issuedMs: try row.integer("issued_ms"))
        }
    }

    private static func changes(
        of supplement: String, _ rows: any RowReader
    ) throws -> [Quota.LevelChange] {
        try rows.rows(
            Statement(
                """
                SELECT level, change FROM supplement_changes WHERE supplement_id = ?
                ORDER BY level
                """, [.text(supplement)]), limit: Common.QuotaLevel.all.count
        ).map { row in
            Quota.LevelChange(
                level: Common.QuotaLevel(rawValue: Int32(try row.integer("level"))),
                change: try row.integer("change"))
        }
    }

    // MARK: writes

    static func insert(
        _ supplement: Quota.Supplement, to record: String, by person: String
    ) -> [Statement] {
        let document = supplement.document ?? Common.Attachment()
        return [
            Statement(
                """
                INSERT INTO supplements (id, record_id, number, reason, document_name,
                    document_media_type, document_bytes, document_sha256, issued_by,
                    issued_by_name, issued_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(supplement.id), .text(record), .integer(Int64(supplement.number)),
                    .text(supplement.reason), .text(document.fileName),
                    .text(document.mediaType), .integer(document.byteCount),
                    .blob(document.sha256), .text(person), .text(supplement.issuedByName),
                    .integer(supplement.issuedMs),
                ])
        ]
            + supplement.changes.map {
                Statement(
                    """
                    INSERT INTO supplement_changes (supplement_id, level, change)
                    VALUES (?, ?, ?)
                    """,
                    [
                        .text(supplement.id), .integer(Int64($0.level.rawValue)),
                        .integer($0.change),
                    ])
            }
    }

    /// The record's version steps on; nothing else of its row does.
    static func supplemented(_ record: StoredRecord) -> Statement {
        Statement(
            "UPDATE records SET version = ? WHERE id = ? AND version = ? AND state = 2",
            [.integer(record.version), .text(record.id), .integer(record.version - 1)],
            expectedChanges: 1)
    }

    /// The old record makes room for the new one, of which nothing is taken yet.
    static func supersede(
        _ old: StoredRecord, by new: StoredRecord, at now: Timestamp
    ) -> [Statement] {
        let form = new.form ?? Common.Attachment()
        return [
            Statement(
                "UPDATE records SET state = 3, version = ? WHERE id = ? AND version = ? AND state = 2",
                [.integer(old.version), .text(old.id), .integer(old.version - 1)],
                expectedChanges: 1),
            Statement(
                """
                INSERT INTO records (id, unit_id, year, state, version, created_ms, submitted_ms,
                    form_name, form_media_type, form_bytes, form_sha256, edition, reason,
                    issued_by, issued_by_name)
                VALUES (?, ?, ?, 2, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(new.id), .text(new.unitID), .integer(Int64(new.year)),
                    .integer(new.version), .integer(new.createdMilliseconds),
                    .integer(now.milliseconds), .text(form.fileName), .text(form.mediaType),
                    .integer(form.byteCount), .blob(form.sha256), .integer(Int64(new.edition)),
                    .text(new.correction?.reason ?? ""),
                    new.correction.map { .text($0.personID) } ?? .null,
                    .text(new.correction?.name ?? ""),
                ]),
        ] + levels(of: new)
    }

    /// Reservations belong to the record in force.
    static func moveReservations(from old: String, to new: String) -> Statement {
        Statement(
            "UPDATE reservations SET record_id = ? WHERE record_id = ?", [.text(new), .text(old)])
    }
}
