import Storage

/// The unit's public notice (D6), what each submission said, and the defects of every return (D8).
let noticesMigration = Migration(
    number: 3, name: "public notices, submissions, defects",
    statements: [
        """
        CREATE TABLE notices (
            id TEXT NOT NULL PRIMARY KEY,
            declaration_id TEXT NOT NULL REFERENCES declarations (id),
            unit_id TEXT NOT NULL,
            content BLOB NOT NULL,
            opened_ms INTEGER NOT NULL,
            opened_day TEXT NOT NULL,
            until_day TEXT NOT NULL,
            opened_by_name TEXT NOT NULL,
            closed_ms INTEGER,
            CHECK (opened_day < until_day)
        ) STRICT
        """,
        "CREATE UNIQUE INDEX notices_running ON notices (declaration_id) WHERE closed_ms IS NULL",
        "CREATE INDEX notices_list ON notices (unit_id, opened_ms, id)",
        """
        CREATE TABLE objections (
            id TEXT NOT NULL PRIMARY KEY,
            notice_id TEXT NOT NULL REFERENCES notices (id),
            text TEXT NOT NULL,
            recorded_ms INTEGER NOT NULL,
            recorded_by_name TEXT NOT NULL,
            resolution TEXT,
            resolved_ms INTEGER,
            resolved_by_name TEXT,
            CHECK ((resolution IS NULL) = (resolved_ms IS NULL)),
            CHECK ((resolution IS NULL) = (resolved_by_name IS NULL))
        ) STRICT
        """,
        "CREATE INDEX objections_list ON objections (notice_id, recorded_ms, id)",
        """
        CREATE TABLE submissions (
            declaration_id TEXT NOT NULL REFERENCES declarations (id),
            round INTEGER NOT NULL,
            application BLOB NOT NULL,
            PRIMARY KEY (declaration_id, round)
        ) STRICT
        """,
        """
        CREATE TABLE defects (
            declaration_id TEXT NOT NULL REFERENCES declarations (id),
            round INTEGER NOT NULL,
            position INTEGER NOT NULL,
            text TEXT NOT NULL,
            node TEXT NOT NULL,
            raised_ms INTEGER NOT NULL,
            visible_before INTEGER NOT NULL CHECK (visible_before IN (0, 1)),
            PRIMARY KEY (declaration_id, round, position)
        ) STRICT
        """,
    ])
