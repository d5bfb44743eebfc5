import Storage

/// The tables of quota-service. CHECK and UNIQUE are the last assertion of the rules in `Rules`.
let quotaMigrations: [Migration] = [
    Migration(
        number: 1, name: "records, reservations, ledger",
        statements: [
            """
            CREATE TABLE records (
                id TEXT NOT NULL PRIMARY KEY,
                unit_id TEXT NOT NULL,
                year INTEGER NOT NULL CHECK (year BETWEEN 2000 AND 2100),
                state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
                version INTEGER NOT NULL CHECK (version >= 1),
                created_ms INTEGER NOT NULL,
                submitted_ms INTEGER,
                form_name TEXT,
                form_media_type TEXT,
                form_bytes INTEGER CHECK (form_bytes BETWEEN 1 AND 10485760),
                form_sha256 BLOB,
                CHECK (state = 1 OR (submitted_ms IS NOT NULL AND form_sha256 IS NOT NULL))
            ) STRICT
            """,
            // One record per unit and year that was not superseded (Q1).
            "CREATE UNIQUE INDEX records_live ON records (unit_id, year) WHERE state <> 3",
            "CREATE INDEX records_list ON records (unit_id, year, id)",
            """
            CREATE TABLE record_levels (
                record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
                level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
                unlimited INTEGER NOT NULL CHECK (unlimited IN (0, 1)),
                approved INTEGER NOT NULL CHECK (approved BETWEEN 0 AND 100000),
                reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
                consumed INTEGER NOT NULL DEFAULT 0 CHECK (consumed >= 0),
                entries INTEGER NOT NULL DEFAULT 0 CHECK (entries >= 0),
                PRIMARY KEY (record_id, level),
                CHECK (unlimited = 1 OR reserved + consumed <= approved)
            ) STRICT
            """,
            """
            CREATE TABLE reservations (
                id TEXT NOT NULL PRIMARY KEY,
                declaration_id TEXT NOT NULL,
                round INTEGER NOT NULL,
                state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
                record_id TEXT REFERENCES records (id),
                level INTEGER,
                reply BLOB,
                created_ms INTEGER NOT NULL,
                CHECK (state NOT IN (1, 3) OR record_id IS NOT NULL)
            ) STRICT
            """,
            // A round holds at most one vacancy.
            """
            CREATE UNIQUE INDEX reservations_round ON reservations (declaration_id, round)
            WHERE state IN (1, 3)
            """,
            """
            CREATE TABLE ledger (
                record_id TEXT NOT NULL REFERENCES records (id),
                level INTEGER NOT NULL,
                entry INTEGER NOT NULL CHECK (entry >= 1),
                kind TEXT NOT NULL CHECK (kind IN ('reserve', 'release', 'consume')),
                reservation_id TEXT NOT NULL REFERENCES reservations (id),
                reserved INTEGER NOT NULL CHECK (reserved >= 0),
                consumed INTEGER NOT NULL CHECK (consumed >= 0),
                at_ms INTEGER NOT NULL,
                PRIMARY KEY (record_id, level, entry)
            ) STRICT
            """,
        ]),
    // A confirmed reservation whose declaration passed is used for good.
    Migration(
        number: 2, name: "consumed reservations",
        statements: [
            """
            ALTER TABLE reservations ADD COLUMN consumed_ms INTEGER
            CHECK (consumed_ms IS NULL OR state = 3)
            """
        ]), correctionsMigration,
    Migration(
        number: 4, name: "files by their hashes",
        statements: [
            "CREATE INDEX records_form_sha256 ON records (form_sha256)",
            "CREATE INDEX supplements_document_sha256 ON supplements (document_sha256)",
        ]),
]

/// Corrections by the HR department (Q2): supplements, superseding records, and both in the ledger, each of whose
/// entries now says what was approved then.
private let correctionsMigration = Migration(
    number: 3, name: "supplements and superseding records",
    statements: [
        """
        ALTER TABLE records ADD COLUMN edition INTEGER NOT NULL DEFAULT 1
        CHECK (edition BETWEEN 1 AND 999)
        """,
        "ALTER TABLE records ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE records ADD COLUMN issued_by_name TEXT NOT NULL DEFAULT ''",
        """
        ALTER TABLE records ADD COLUMN issued_by TEXT
        CHECK ((issued_by IS NULL) = (edition = 1))
        """,
        "CREATE UNIQUE INDEX records_editions ON records (unit_id, year, edition)",
        """
        CREATE TABLE supplements (
            id TEXT NOT NULL PRIMARY KEY,
            record_id TEXT NOT NULL REFERENCES records (id),
            number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 100),
            reason TEXT NOT NULL CHECK (reason <> ''),
            document_name TEXT NOT NULL,
            document_media_type TEXT NOT NULL,
            document_bytes INTEGER NOT NULL CHECK (document_bytes BETWEEN 1 AND 10485760),
            document_sha256 BLOB NOT NULL,
            issued_by TEXT NOT NULL,
            issued_by_name TEXT NOT NULL,
            issued_ms INTEGER NOT NULL,
            UNIQUE (record_id, number)
        ) STRICT
        """,
        """
        CREATE TABLE supplement_changes (
            supplement_id TEXT NOT NULL REFERENCES supplements (id),
            level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 4),
            change INTEGER NOT NULL CHECK (change <> 0 AND change BETWEEN -100000 AND 100000),
            PRIMARY KEY (supplement_id, level)
        ) STRICT
        """,
        // As before, but for what was approved (null: without limit) and for the causes that are no reservation.
        """
        CREATE TABLE ledger_new (
            record_id TEXT NOT NULL REFERENCES records (id),
            level INTEGER NOT NULL,
            entry INTEGER NOT NULL CHECK (entry >= 1),
            kind TEXT NOT NULL CHECK (kind IN
                ('reserve', 'release', 'consume', 'supplement', 'close', 'open')),
            reservation_id TEXT REFERENCES reservations (id),
            cause TEXT,
            approved INTEGER CHECK (approved >= 0),
            reserved INTEGER NOT NULL CHECK (reserved >= 0),
            consumed INTEGER NOT NULL CHECK (consumed >= 0),
            at_ms INTEGER NOT NULL,
            PRIMARY KEY (record_id, level, entry),
            CHECK ((reservation_id IS NOT NULL) = (kind IN ('reserve', 'release', 'consume'))),
            CHECK ((reservation_id IS NULL) = (cause IS NOT NULL)),
            CHECK (approved IS NULL OR reserved + consumed <= approved)
        ) STRICT
        """,
        """
        INSERT INTO ledger_new (record_id, level, entry, kind, reservation_id, approved, reserved,
            consumed, at_ms)
        SELECT l.record_id, l.level, l.entry, l.kind, l.reservation_id,
            CASE WHEN v.unlimited = 1 THEN NULL ELSE v.approved END, l.reserved, l.consumed,
            l.at_ms
        FROM ledger AS l JOIN record_levels AS v
            ON v.record_id = l.record_id AND v.level = l.level
        """,
        "DROP TABLE ledger",
        "ALTER TABLE ledger_new RENAME TO ledger",
        "CREATE INDEX reservations_record ON reservations (record_id)",
    ])
