import Storage

/// The nodes after the unit (D10): their desks, 未通过 as an outcome, votes, and the notice that runs.
let laterNodesMigration = Migration(
    number: 2, name: "later nodes",
    statements: [
        // As before, but for the desk and the outcome 4.
        """
        CREATE TABLE rounds_new (
            task_id TEXT NOT NULL PRIMARY KEY,
            declaration_id TEXT NOT NULL REFERENCES declarations (id),
            round INTEGER NOT NULL CHECK (round >= 1),
            desk TEXT NOT NULL,
            applicant_name TEXT NOT NULL,
            entered_ms INTEGER NOT NULL,
            outcome INTEGER CHECK (outcome BETWEEN 1 AND 4),
            opinion TEXT,
            decision_id TEXT,
            decided_by TEXT,
            decided_by_name TEXT,
            decided_ms INTEGER,
            UNIQUE (declaration_id, round),
            CHECK (outcome IS NULL OR (opinion IS NOT NULL AND decision_id IS NOT NULL
                AND decided_by IS NOT NULL AND decided_by_name IS NOT NULL
                AND decided_ms IS NOT NULL))
        ) STRICT
        """,
        """
        INSERT INTO rounds_new SELECT task_id, declaration_id, round, unit_id, applicant_name,
            entered_ms, outcome, opinion, decision_id, decided_by, decided_by_name, decided_ms
        FROM rounds
        """,
        "DROP TABLE rounds",
        "ALTER TABLE rounds_new RENAME TO rounds",
        """
        CREATE INDEX rounds_pending ON rounds (desk, entered_ms, task_id)
        WHERE outcome IS NULL
        """,
        """
        CREATE INDEX rounds_processed ON rounds (desk, entered_ms, task_id)
        WHERE outcome IS NOT NULL
        """,
        """
        CREATE TABLE steps_new (
            id TEXT NOT NULL PRIMARY KEY,
            declaration_id TEXT NOT NULL REFERENCES declarations (id),
            round INTEGER NOT NULL CHECK (round >= 1),
            kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
            state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
            outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 4),
            opinion TEXT NOT NULL,
            actor_id TEXT NOT NULL,
            actor_name TEXT NOT NULL,
            reply BLOB,
            created_ms INTEGER NOT NULL,
            finished_ms INTEGER,
            CHECK ((kind = 1) = (outcome = 0)),
            CHECK ((state = 1) = (reply IS NULL)),
            CHECK ((state = 1) = (finished_ms IS NULL))
        ) STRICT
        """,
        """
        INSERT INTO steps_new SELECT id, declaration_id, round, kind, state, outcome, opinion,
            actor_id, actor_name, reply, created_ms, finished_ms
        FROM steps
        """,
        "DROP TABLE steps",
        "ALTER TABLE steps_new RENAME TO steps",
        "CREATE UNIQUE INDEX steps_waiting ON steps (declaration_id) WHERE state = 1",
        """
        CREATE UNIQUE INDEX steps_decided ON steps (declaration_id, round)
        WHERE kind = 2 AND state = 2
        """,
        "ALTER TABLE unit_counts RENAME TO desk_counts",
        "ALTER TABLE desk_counts RENAME COLUMN unit_id TO desk",
        """
        ALTER TABLE desk_counts ADD COLUMN rounds_failed INTEGER NOT NULL DEFAULT 0
        CHECK (rounds_failed >= 0)
        """,
        // The last day of the notice that runs; a result's notice always has one.
        """
        ALTER TABLE declarations ADD COLUMN notice_until TEXT NOT NULL DEFAULT ''
        CHECK (phase <> 8 OR notice_until <> '')
        """,
        """
        CREATE INDEX declarations_deadline ON declarations (correct_by)
        WHERE phase = 11
        """,
        // Of one expert review: the round says which.
        """
        CREATE TABLE votes (
            declaration_id TEXT NOT NULL REFERENCES declarations (id),
            round INTEGER NOT NULL,
            present INTEGER NOT NULL CHECK (present BETWEEN 1 AND 1000),
            in_favour INTEGER NOT NULL CHECK (in_favour BETWEEN 0 AND present),
            saved_by TEXT NOT NULL,
            saved_ms INTEGER NOT NULL,
            PRIMARY KEY (declaration_id, round)
        ) STRICT
        """,
    ])
