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
        ]),
]
