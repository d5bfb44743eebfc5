import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// The SQL of quota-service: rows in, statements out.
enum QuotaStore {
    // MARK: reads

    private static let columns = """
        id, unit_id, year, state, version, created_ms, form_name, form_media_type, form_bytes,
        form_sha256, edition, reason, issued_by, issued_by_name
        """

    /// Whichever unit's it is; nil for an unknown id.
    static func record(_ id: String, _ rows: any RowReader) throws -> StoredRecord? {
        try rows.row(
            Statement("SELECT \(columns) FROM records WHERE id = ?", [.text(id)])
        ).map { try stored($0, rows) }
    }

    /// The unit's own record; nil for an unknown or foreign id.
    static func record(
        _ id: String, unit: String, _ rows: any RowReader
    ) throws -> StoredRecord? {
        try record(id, rows).flatMap { $0.unitID == unit ? $0 : nil }
    }

    /// The unit's record of the year that was not superseded: a draft or a confirmed one.
    static func liveRecord(
        unit: String, year: Int32, _ rows: any RowReader
    ) throws -> StoredRecord? {
        try rows.row(
            Statement(
                "SELECT \(columns) FROM records WHERE unit_id = ? AND year = ? AND state <> 3",
                [.text(unit), .integer(Int64(year))])
        ).map { try stored($0, rows) }
    }

    /// One page of the unit's records: newest year first, of a year the newest edition.
    static func records(
        unit: String, _ page: PageBounds, _ rows: any RowReader
    ) throws -> [StoredRecord] {
        try rows.rows(
            Statement(
                """
                SELECT \(columns) FROM records
                WHERE unit_id = ? AND (year, edition) < (?, ?)
                ORDER BY year DESC, edition DESC LIMIT ?
                """,
                [
                    .text(unit), .integer(page.start.sort / editionsOfYear),
                    .integer(page.start.sort % editionsOfYear), .integer(Int64(page.size + 1)),
                ]),
            limit: page.size + 1
        ).map { try stored($0, rows) }
    }

    /// More than a year can have.
    private static let editionsOfYear: Int64 = 1_000

    /// Where a record stands in that list.
    static func place(of record: StoredRecord) -> PageCursor {
        PageCursor(sort: Int64(record.year) * editionsOfYear + Int64(record.edition), id: record.id)
    }

    static func count(unit: String, _ rows: any RowReader) throws -> Int64 {
        try rows.row(
            Statement("SELECT count(*) AS n FROM records WHERE unit_id = ?", [.text(unit)]))?
            .integer("n") ?? 0
    }

    static func level(
        _ level: Common.QuotaLevel, record: String, _ rows: any RowReader
    ) throws -> StoredLevel? {
        try levels(of: record, rows).first { $0.level == level }
    }

    static func reservation(
        _ id: String, _ rows: any RowReader
    ) throws -> StoredReservation? {
        try rows.row(
            Statement(
                """
                SELECT id, declaration_id, round, state, consumed_ms, record_id, level, reply
                FROM reservations WHERE id = ?
                """, [.text(id)])
        ).map { row in
            StoredReservation(
                id: try row.text("id"), declarationID: try row.text("declaration_id"),
                round: try row.integer("round"),
                state: try row.optionalInteger("consumed_ms") == nil
                    ? Quota.ReservationState(rawValue: Int32(try row.integer("state")))
                    : .consumed,
                recordID: try row.optionalText("record_id"),
                level: Common.QuotaLevel(
                    rawValue: Int32(try row.optionalInteger("level") ?? 0)),
                reply: try row.optionalBlob("reply").map(Quota.ReserveReply.init(decoding:)))
        }
    }

    static func roundIsTaken(
        declaration: String, round: Int64, _ rows: any RowReader
    ) throws -> Bool {
        try rows.row(
            Statement(
                """
                SELECT 1 AS taken FROM reservations
                WHERE declaration_id = ? AND round = ? AND state IN (1, 3)
                """, [.text(declaration), .integer(round)])) != nil
    }

    private static func levels(
        of record: String, _ rows: any RowReader
    ) throws -> [StoredLevel] {
        try rows.rows(
            Statement(
                """
                SELECT level, unlimited, approved, reserved, consumed, entries
                FROM record_levels WHERE record_id = ? ORDER BY level
                """, [.text(record)]), limit: 4
        ).map { row in
            StoredLevel(
                level: Common.QuotaLevel(rawValue: Int32(try row.integer("level"))),
                unlimited: try row.integer("unlimited") == 1,
                approved: try row.integer("approved"), reserved: try row.integer("reserved"),
                consumed: try row.integer("consumed"), entries: try row.integer("entries"))
        }
    }

    private static func stored(_ row: Row, _ rows: any RowReader) throws -> StoredRecord {
        let id = try row.text("id")
        let form: Common.Attachment? = try row.optionalBlob("form_sha256").map { hash in
            Common.Attachment(
                id: id, fileName: try row.text("form_name"),
                mediaType: try row.text("form_media_type"),
                byteCount: try row.integer("form_bytes"), sha256: hash)
        }
        return StoredRecord(
            id: id, unitID: try row.text("unit_id"), year: Int32(try row.integer("year")),
            state: Quota.RecordState(rawValue: Int32(try row.integer("state"))),
            version: try row.integer("version"),
            createdMilliseconds: try row.integer("created_ms"), form: form,
            levels: try levels(of: id, rows), edition: Int32(try row.integer("edition")),
            correction: try row.optionalText("issued_by").map {
                StoredRecord.Correction(
                    reason: try row.text("reason"), personID: $0,
                    name: try row.text("issued_by_name"))
            })
    }

    // MARK: writes

    static func save(_ record: StoredRecord, isNew: Bool) -> [Statement] {
        let head =
            isNew
            ? Statement(
                """
                INSERT INTO records (id, unit_id, year, state, version, created_ms)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(record.id), .text(record.unitID), .integer(Int64(record.year)),
                    .integer(Int64(record.state.rawValue)), .integer(record.version),
                    .integer(record.createdMilliseconds),
                ])
            : Statement(
                """
                UPDATE records SET year = ?, version = ?
                WHERE id = ? AND version = ? AND state = 1
                """,
                [
                    .integer(Int64(record.year)), .integer(record.version), .text(record.id),
                    .integer(record.version - 1),
                ], expectedChanges: 1)
        return [head] + levels(of: record)
    }

    /// What is approved; nothing of it is taken yet.
    static func levels(of record: StoredRecord) -> [Statement] {
        record.levels.map { level in
            Statement(
                """
                INSERT INTO record_levels (record_id, level, unlimited, approved)
                VALUES (?, ?, ?, ?)
                ON CONFLICT (record_id, level) DO UPDATE
                SET unlimited = excluded.unlimited, approved = excluded.approved
                """,
                [
                    .text(record.id), .integer(Int64(level.level.rawValue)),
                    .integer(level.unlimited ? 1 : 0), .integer(level.approved),
                ])
        }
    }

    static func confirm(
        _ record: StoredRecord, at now: Timestamp, from version: Int64
    ) -> Statement {
        Statement(
            """
            UPDATE records SET state = ?, version = ?, submitted_ms = ?
            WHERE id = ? AND version = ? AND state = 1
            """,
            [
                .integer(Int64(record.state.rawValue)), .integer(record.version),
                .integer(now.milliseconds), .text(record.id), .integer(version),
            ], expectedChanges: 1)
    }

    static func delete(_ record: StoredRecord) -> Statement {
        Statement(
            "DELETE FROM records WHERE id = ? AND version = ? AND state = 1",
            [.text(record.id), .integer(record.version)], expectedChanges: 1)
    }

    /// The form does not change the version: a page that shows the draft stays valid.
    static func attach(_ form: Common.Attachment, to record: StoredRecord) -> Statement {
        Statement(
            """
            UPDATE records SET form_name = ?, form_media_type = ?, form_bytes = ?, form_sha256 = ?
            WHERE id = ? AND state = 1
            """,
            [
                .text(form.fileName), .text(form.mediaType), .integer(form.byteCount),
                .blob(form.sha256), .text(record.id),
            ], expectedChanges: 1)
    }

    static func insert(_ reservation: StoredReservation, at now: Timestamp) -> Statement {
        Statement(
            """
            INSERT INTO reservations
                (id, declaration_id, round, state, record_id, level, reply, created_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(reservation.id), .text(reservation.declarationID),
                .integer(reservation.round), .integer(Int64(reservation.state.rawValue)),
                reservation.recordID.map { .text($0) } ?? .null,
                .integer(Int64(reservation.level.rawValue)),
                // A reply of a few hundred bytes can always be packed.
                reservation.reply.flatMap { try? $0.encodedBytes() }.map { .blob($0) } ?? .null,
                .integer(now.milliseconds),
            ])
    }

    static func change(
        _ reservation: StoredReservation, to state: Quota.ReservationState
    ) -> Statement {
        Statement(
            "UPDATE reservations SET state = ? WHERE id = ? AND state = ?",
            [
                .integer(Int64(state.rawValue)), .text(reservation.id),
                .integer(Int64(reservation.state.rawValue)),
            ], expectedChanges: 1)
    }

    /// Confirmed, and used for good.
    static func consume(_ reservation: StoredReservation, at now: Timestamp) -> Statement {
        Statement(
            """
            UPDATE reservations SET state = 3, consumed_ms = ?
            WHERE id = ? AND state = ? AND consumed_ms IS NULL
            """,
            [
                .integer(now.milliseconds), .text(reservation.id),
                .integer(Int64(reservation.state.rawValue)),
            ], expectedChanges: 1)
    }

    /// What a ledger entry is about: a reservation, or a correction by the HR department. The raw values are stored.
    enum Entry: String {
        case reserve, release, consume, supplement
        /// A superseded record hands over what is taken of it, and its successor takes it over.
        case close, open

        fileprivate var isOfReservation: Bool {
            switch self {
            case .reserve, .release, .consume: true
            case .supplement, .close, .open: false
            }
        }
    }

    /// One ledger entry, and the level's counts with it.
    /// - Parameters:
    ///   - cause: id of the reservation, of the supplement, of the other record.
    ///   - level: as it is afterwards, the entry counted.
    static func enter(
        _ entry: Entry, by cause: String, _ level: StoredLevel, record: String, at now: Timestamp
    ) -> [Statement] {
        [
            Statement(
                """
                UPDATE record_levels SET approved = ?, reserved = ?, consumed = ?, entries = ?
                WHERE record_id = ? AND level = ? AND entries = ?
                """,
                [
                    .integer(level.approved), .integer(level.reserved),
                    .integer(level.consumed), .integer(level.entries), .text(record),
                    .integer(Int64(level.level.rawValue)), .integer(level.entries - 1),
                ], expectedChanges: 1),
            Statement(
                """
                INSERT INTO ledger (record_id, level, entry, kind, reservation_id, cause, approved,
                    reserved, consumed, at_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(record), .integer(Int64(level.level.rawValue)), .integer(level.entries),
                    .text(entry.rawValue), entry.isOfReservation ? .text(cause) : .null,
                    entry.isOfReservation ? .null : .text(cause),
                    level.unlimited ? .null : .integer(level.approved),
                    .integer(level.reserved), .integer(level.consumed),
                    .integer(now.milliseconds),
                ]),
        ]
    }
}
