import ServiceRuntime
import Storage

/// The tables of declaration-service. CHECK and UNIQUE are the last assertion of the rules in `Rules`.
let declarationMigrations: [Migration] = [
    Migration(
        number: 1, name: "plans, declarations, steps",
        statements: planTables + declarationTables + reviewTables + recommendationTables),
    laterNodesMigration, noticesMigration, entrustmentsMigration,
    // What an officer decided, and what waits for a unit, without reading what others decided and what does not wait.
    Migration(
        number: 5, name: "indexes of lists",
        statements: [
            """
            CREATE INDEX rounds_mine ON rounds (desk, decided_by, entered_ms, task_id)
            WHERE outcome IS NOT NULL
            """,
            """
            CREATE INDEX declarations_unit_pending ON declarations (unit_id, sort_ms, id)
            WHERE submitted_ms IS NOT NULL AND phase IN (2, 3, 4)
            """,
        ]),
    leavingMigration,
    referralsMigration,
    correctionsMigration,
    Migration(
        number: 9, name: "files by their hashes",
        statements: ["CREATE INDEX materials_sha256 ON materials (sha256)"]),
    Migration(
        number: 10, name: "units that are merged",
        statements: [
            HeldUnits.table,
            "CREATE INDEX declarations_unit_open ON declarations (unit_id) WHERE in_flight = 1",
        ]),
]

private let planTables = [
    // Levels and series are lists with a bar at every side: "|中级|助理级|".
    """
    CREATE TABLE plans (
        id TEXT NOT NULL PRIMARY KEY,
        year INTEGER NOT NULL CHECK (year BETWEEN 2000 AND 2100),
        name TEXT NOT NULL,
        committee_id TEXT NOT NULL,
        committee_name TEXT NOT NULL,
        levels TEXT NOT NULL,
        series TEXT NOT NULL,
        kind TEXT NOT NULL,
        open_day TEXT NOT NULL,
        close_day TEXT NOT NULL,
        region TEXT NOT NULL,
        published_by TEXT NOT NULL,
        published_ms INTEGER NOT NULL,
        CHECK (open_day <= close_day)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX plans_name ON plans (year, name)",
    "CREATE INDEX plans_list ON plans (published_ms, id)",
]

private let declarationTables = [
    // The applicant and the unit are as registered at the last submission; numbers are masked.
    """
    CREATE TABLE declarations (
        id TEXT NOT NULL PRIMARY KEY,
        person_id TEXT NOT NULL,
        person_key BLOB NOT NULL,
        applicant_name TEXT NOT NULL,
        applicant BLOB NOT NULL,
        unit_id TEXT NOT NULL,
        unit BLOB NOT NULL,
        plan_id TEXT NOT NULL REFERENCES plans (id),
        phase INTEGER NOT NULL CHECK (phase BETWEEN 1 AND 15),
        in_flight INTEGER NOT NULL,
        version INTEGER NOT NULL CHECK (version >= 1),
        round INTEGER NOT NULL CHECK (round >= 0),
        accepted_round INTEGER NOT NULL CHECK (accepted_round BETWEEN 0 AND round),
        sort_ms INTEGER NOT NULL,
        submitted_ms INTEGER,
        application BLOB NOT NULL,
        item_ids TEXT NOT NULL,
        claimed_by TEXT,
        claimed_by_name TEXT,
        waiting_step TEXT,
        reviewed INTEGER NOT NULL CHECK (reviewed IN (0, 1)),
        reservation_id TEXT,
        reservation_round INTEGER,
        defects TEXT NOT NULL,
        correct_by TEXT NOT NULL,
        CHECK (in_flight = CASE
            WHEN phase IN (9, 10, 13, 14, 15) THEN 0
            WHEN phase = 1 AND waiting_step IS NULL THEN 0
            ELSE 1 END),
        CHECK (phase IN (1, 14) OR (submitted_ms IS NOT NULL AND accepted_round >= 1)),
        CHECK (phase <> 1 OR submitted_ms IS NULL),
        CHECK ((claimed_by IS NULL) = (claimed_by_name IS NULL)),
        CHECK (phase <> 2 OR claimed_by IS NULL),
        CHECK (phase <> 3 OR claimed_by IS NOT NULL),
        CHECK (waiting_step IS NULL OR phase IN (1, 3, 11, 12)),
        CHECK ((reservation_id IS NULL) = (reservation_round IS NULL)),
        CHECK (reservation_id IS NULL OR phase IN (5, 6, 7, 8, 9, 12)),
        CHECK (phase <> 11 OR correct_by <> '')
    ) STRICT
    """,
    // One declaration in flight per person (D2).
    """
    CREATE UNIQUE INDEX declarations_in_flight ON declarations (person_key)
    WHERE in_flight = 1
    """,
    // Reservations and declarations match one to one.
    "CREATE UNIQUE INDEX declarations_reservation ON declarations (reservation_id)",
    "CREATE INDEX declarations_person ON declarations (person_id, sort_ms, id)",
    """
    CREATE INDEX declarations_unit ON declarations (unit_id, sort_ms, id)
    WHERE submitted_ms IS NOT NULL
    """,
    // The archive items of a round, as they were approved.
    """
    CREATE TABLE snapshots (
        declaration_id TEXT NOT NULL REFERENCES declarations (id),
        round INTEGER NOT NULL,
        position INTEGER NOT NULL,
        item_id TEXT NOT NULL,
        item_version INTEGER NOT NULL,
        item BLOB NOT NULL,
        PRIMARY KEY (declaration_id, round, position)
    ) STRICT
    """,
    """
    CREATE TABLE flow_steps (
        declaration_id TEXT NOT NULL REFERENCES declarations (id),
        position INTEGER NOT NULL,
        node TEXT NOT NULL,
        action TEXT NOT NULL,
        actor_id TEXT NOT NULL,
        actor_name TEXT NOT NULL,
        opinion TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (declaration_id, position)
    ) STRICT
    """,
    // No further declaration of the person in the plan's year (D9).
    """
    CREATE TABLE bans (
        person_key BLOB NOT NULL,
        year INTEGER NOT NULL,
        declaration_id TEXT NOT NULL REFERENCES declarations (id),
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (person_key, year)
    ) STRICT
    """,
]

private let reviewTables = [
    // Submissions and decisions. State 1 waits for another service's durable answer, 2 took effect, 3 was refused.
    """
    CREATE TABLE steps (
        id TEXT NOT NULL PRIMARY KEY,
        declaration_id TEXT NOT NULL REFERENCES declarations (id),
        round INTEGER NOT NULL CHECK (round >= 1),
        kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
        state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
        outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 3),
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
    "CREATE UNIQUE INDEX steps_waiting ON steps (declaration_id) WHERE state = 1",
    // One decision per declaration and round.
    """
    CREATE UNIQUE INDEX steps_decided ON steps (declaration_id, round)
    WHERE kind = 2 AND state = 2
    """,
    // A round is a task of the unit; entered_ms is its sort key for ever.
    """
    CREATE TABLE rounds (
        task_id TEXT NOT NULL PRIMARY KEY,
        declaration_id TEXT NOT NULL REFERENCES declarations (id),
        round INTEGER NOT NULL CHECK (round >= 1),
        unit_id TEXT NOT NULL,
        applicant_name TEXT NOT NULL,
        entered_ms INTEGER NOT NULL,
        outcome INTEGER CHECK (outcome BETWEEN 1 AND 3),
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
    CREATE INDEX rounds_pending ON rounds (unit_id, entered_ms, task_id)
    WHERE outcome IS NULL
    """,
    """
    CREATE INDEX rounds_processed ON rounds (unit_id, entered_ms, task_id)
    WHERE outcome IS NOT NULL
    """,
    // The first five count declarations by view (they overlap), the last three rounds by outcome.
    """
    CREATE TABLE unit_counts (
        unit_id TEXT NOT NULL PRIMARY KEY,
        pending INTEGER NOT NULL CHECK (pending >= 0),
        unclaimed INTEGER NOT NULL CHECK (unclaimed >= 0),
        reviewed INTEGER NOT NULL CHECK (reviewed >= 0),
        returned INTEGER NOT NULL CHECK (returned >= 0),
        total INTEGER NOT NULL CHECK (total >= 0),
        rounds_approved INTEGER NOT NULL CHECK (rounds_approved >= 0),
        rounds_returned INTEGER NOT NULL CHECK (rounds_returned >= 0),
        rounds_terminated INTEGER NOT NULL CHECK (rounds_terminated >= 0)
    ) STRICT
    """,
]

private let recommendationTables = [
    """
    CREATE TABLE recommendations (
        declaration_id TEXT NOT NULL PRIMARY KEY REFERENCES declarations (id),
        text TEXT NOT NULL,
        occupies_post INTEGER CHECK (occupies_post IN (0, 1)),
        note TEXT NOT NULL,
        version INTEGER NOT NULL CHECK (version >= 1)
    ) STRICT
    """,
    """
    CREATE TABLE materials (
        id TEXT NOT NULL PRIMARY KEY,
        declaration_id TEXT NOT NULL REFERENCES declarations (id),
        kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
        file_name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        byte_count INTEGER NOT NULL CHECK (byte_count BETWEEN 1 AND 10485760),
        sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
        uploaded_ms INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX materials_list ON materials (declaration_id, uploaded_ms, id)",
]
