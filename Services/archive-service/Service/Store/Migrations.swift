import ServiceRuntime
import Storage

/// The tables of archive-service. CHECK and UNIQUE are the last assertion of the rules in `Rules`.
///
/// Of ID numbers there is only the masked form and identity's keyed index.
let archiveMigrations: [Migration] = [
    Migration(
        number: 1, name: "items, versions, evidence, counts, pins",
        statements: itemTables + evidenceTables + countTables + pinTables),
    Migration(number: 2, name: "withdrawal requests", statements: withdrawalTables),
    Migration(number: 3, name: "referrals to superiors", statements: referralColumns),
    Migration(number: 4, name: "retracted submissions", statements: retraction),
    Migration(
        number: 5, name: "evidence that is in no set is gone",
        statements: [
            """
            DELETE FROM evidence WHERE current = 0 AND NOT EXISTS (
                SELECT 1 FROM version_evidence AS f WHERE f.evidence_id = evidence.id)
            """,
            "CREATE INDEX evidence_sha256 ON evidence (sha256)",
        ]),
    Migration(number: 6, name: "units that are merged", statements: [HeldUnits.table]),
]

// A submission that its applicant took back waits no more, and has no decision.
private let retraction = [
    """
    ALTER TABLE item_versions ADD COLUMN retracted_ms INTEGER
    CHECK (retracted_ms IS NULL OR outcome IS NULL)
    """,
    "DROP INDEX item_versions_pending",
    """
    CREATE INDEX item_versions_pending ON item_versions (unit_id, entered_ms, task_id)
    WHERE outcome IS NULL AND retracted_ms IS NULL
    """,
]

// The region whose superior may decide in the unit's place; '' for none.
private let referralColumns = [
    "ALTER TABLE item_versions ADD COLUMN referred_to TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX versions_referred ON item_versions (entered_ms, task_id) WHERE referred_to <> ''",
    "ALTER TABLE withdrawals ADD COLUMN referred_to TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX withdrawals_referred ON withdrawals (entered_ms, task_id) WHERE referred_to <> ''",
]

private let itemTables = [
    // `form` and `main_name` are the applicant's; the unit reads those of `item_versions`.
    """
    CREATE TABLE items (
        id TEXT NOT NULL PRIMARY KEY,
        person_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
        version INTEGER NOT NULL CHECK (version >= 1),
        round INTEGER NOT NULL CHECK (round >= 0),
        created_ms INTEGER NOT NULL,
        form BLOB NOT NULL CHECK (length(form) <= 65536),
        main_name TEXT NOT NULL,
        applicant_name TEXT NOT NULL,
        applicant_sex TEXT NOT NULL,
        id_masked TEXT NOT NULL,
        unit_id TEXT,
        submitted_ms INTEGER,
        CHECK ((round = 0) = (unit_id IS NULL)),
        CHECK ((round = 0) = (submitted_ms IS NULL)),
        CHECK (state = 1 OR round >= 1)
    ) STRICT
    """,
    "CREATE INDEX items_person ON items (person_id, created_ms, id)",
    "CREATE INDEX items_person_kind ON items (person_id, kind, created_ms, id)",
    "CREATE INDEX items_unit ON items (unit_id, submitted_ms, id)",
    "CREATE INDEX items_unit_kind ON items (unit_id, kind, submitted_ms, id)",
    "CREATE INDEX items_unit_state ON items (unit_id, kind, state, submitted_ms, id)",
    // One row per submission, kept for ever: what was reviewed, and what came of it.
    """
    CREATE TABLE item_versions (
        task_id TEXT NOT NULL PRIMARY KEY,
        item_id TEXT NOT NULL REFERENCES items (id),
        round INTEGER NOT NULL CHECK (round >= 1),
        version INTEGER NOT NULL CHECK (version >= round),
        kind TEXT NOT NULL,
        unit_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        person_key BLOB NOT NULL,
        applicant_name TEXT NOT NULL CHECK (applicant_name <> ''),
        main_name TEXT NOT NULL CHECK (main_name <> ''),
        form BLOB NOT NULL,
        entered_ms INTEGER NOT NULL,
        outcome INTEGER CHECK (outcome BETWEEN 1 AND 3),
        opinion TEXT,
        decision_id TEXT UNIQUE,
        decided_by TEXT CHECK (decided_by <> person_id),
        decided_by_name TEXT,
        decided_ms INTEGER,
        UNIQUE (item_id, round),
        CHECK (
            (outcome IS NULL AND opinion IS NULL AND decision_id IS NULL AND decided_by IS NULL
                AND decided_by_name IS NULL AND decided_ms IS NULL)
            OR (outcome IS NOT NULL AND opinion <> '' AND decision_id <> '' AND decided_by <> ''
                AND decided_by_name IS NOT NULL AND decided_ms IS NOT NULL))
    ) STRICT
    """,
    """
    CREATE INDEX item_versions_pending ON item_versions (unit_id, entered_ms, task_id)
    WHERE outcome IS NULL
    """,
    """
    CREATE INDEX item_versions_processed ON item_versions (unit_id, entered_ms, task_id)
    WHERE outcome IS NOT NULL
    """,
    """
    CREATE INDEX item_versions_mine ON item_versions (unit_id, decided_by, entered_ms, task_id)
    WHERE outcome IS NOT NULL
    """,
    """
    CREATE TABLE flow_steps (
        item_id TEXT NOT NULL REFERENCES items (id),
        step INTEGER NOT NULL CHECK (step >= 1),
        node TEXT NOT NULL,
        action TEXT NOT NULL,
        actor_id TEXT NOT NULL,
        actor_name TEXT NOT NULL,
        opinion TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (item_id, step)
    ) STRICT
    """,
]

private let evidenceTables = [
    // `current` is the applicant's set; a submission's set stays in `version_evidence`.
    """
    CREATE TABLE evidence (
        id TEXT NOT NULL PRIMARY KEY,
        item_id TEXT NOT NULL REFERENCES items (id),
        file_name TEXT NOT NULL CHECK (length(file_name) BETWEEN 1 AND 120),
        media_type TEXT NOT NULL,
        bytes INTEGER NOT NULL CHECK (bytes BETWEEN 1 AND 10485760),
        sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
        uploaded_ms INTEGER NOT NULL,
        current INTEGER NOT NULL CHECK (current IN (0, 1))
    ) STRICT
    """,
    "CREATE INDEX evidence_item ON evidence (item_id, uploaded_ms, id)",
    """
    CREATE TABLE version_evidence (
        item_id TEXT NOT NULL,
        round INTEGER NOT NULL,
        evidence_id TEXT NOT NULL REFERENCES evidence (id),
        PRIMARY KEY (item_id, round, evidence_id),
        FOREIGN KEY (item_id, round) REFERENCES item_versions (item_id, round)
    ) STRICT
    """,
    "CREATE INDEX version_evidence_file ON version_evidence (evidence_id)",
]

// Kept in the transaction of the change that they count.
private let countTables = [
    """
    CREATE TABLE item_counts (
        unit_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        state INTEGER NOT NULL CHECK (state BETWEEN 2 AND 5),
        items INTEGER NOT NULL CHECK (items >= 0),
        PRIMARY KEY (unit_id, kind, state)
    ) STRICT
    """,
    """
    CREATE TABLE task_counts (
        unit_id TEXT NOT NULL PRIMARY KEY,
        pending INTEGER NOT NULL CHECK (pending >= 0),
        approved INTEGER NOT NULL CHECK (approved >= 0),
        returned INTEGER NOT NULL CHECK (returned >= 0),
        terminated INTEGER NOT NULL CHECK (terminated >= 0)
    ) STRICT
    """,
]

private let pinTables = [
    // A released round without versions is a tombstone: a late pin of it is refused (decision 13).
    """
    CREATE TABLE pin_rounds (
        declaration_id TEXT NOT NULL,
        round INTEGER NOT NULL CHECK (round >= 1),
        released INTEGER NOT NULL CHECK (released IN (0, 1)),
        PRIMARY KEY (declaration_id, round)
    ) STRICT
    """,
    """
    CREATE TABLE pins (
        declaration_id TEXT NOT NULL,
        round INTEGER NOT NULL,
        item_id TEXT NOT NULL REFERENCES items (id),
        version INTEGER NOT NULL,
        PRIMARY KEY (declaration_id, round, item_id),
        FOREIGN KEY (declaration_id, round) REFERENCES pin_rounds (declaration_id, round)
    ) STRICT
    """,
    "CREATE INDEX pins_item ON pins (item_id, version)",
]

private let withdrawalTables = [
    // `task_id` is made of `id`, for the order of the task list over all sources.
    """
    CREATE TABLE withdrawals (
        id TEXT NOT NULL PRIMARY KEY,
        task_id TEXT NOT NULL UNIQUE,
        item_id TEXT NOT NULL REFERENCES items (id),
        item_version INTEGER NOT NULL,
        kind TEXT NOT NULL,
        main_name TEXT NOT NULL,
        unit_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        person_key BLOB NOT NULL,
        applicant_name TEXT NOT NULL CHECK (applicant_name <> ''),
        reason TEXT NOT NULL CHECK (reason <> ''),
        state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
        version INTEGER NOT NULL CHECK (version >= 1),
        entered_ms INTEGER NOT NULL,
        cancelled_ms INTEGER,
        outcome INTEGER CHECK (outcome BETWEEN 1 AND 2),
        opinion TEXT,
        decision_id TEXT UNIQUE,
        decided_by TEXT CHECK (decided_by <> person_id),
        decided_by_name TEXT,
        decided_ms INTEGER,
        CHECK ((state = 4) = (cancelled_ms IS NOT NULL)),
        CHECK (
            (state IN (1, 4) AND outcome IS NULL AND opinion IS NULL AND decision_id IS NULL
                AND decided_by IS NULL AND decided_by_name IS NULL AND decided_ms IS NULL)
            OR (state = outcome + 1 AND outcome IS NOT NULL AND opinion <> ''
                AND decision_id <> '' AND decided_by <> '' AND decided_by_name IS NOT NULL
                AND decided_ms IS NOT NULL))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX withdrawals_waiting ON withdrawals (item_id) WHERE state = 1",
    "CREATE INDEX withdrawals_item ON withdrawals (item_id)",
    "CREATE INDEX withdrawals_person ON withdrawals (person_id, entered_ms, id)",
    "CREATE INDEX withdrawals_unit ON withdrawals (unit_id, entered_ms, id)",
    "CREATE INDEX withdrawals_unit_state ON withdrawals (unit_id, state, entered_ms, id)",
    """
    CREATE INDEX withdrawals_pending ON withdrawals (unit_id, entered_ms, task_id)
    WHERE state = 1
    """,
    """
    CREATE INDEX withdrawals_processed ON withdrawals (unit_id, entered_ms, task_id)
    WHERE outcome IS NOT NULL
    """,
    """
    CREATE INDEX withdrawals_mine ON withdrawals (unit_id, decided_by, entered_ms, task_id)
    WHERE outcome IS NOT NULL
    """,
    """
    CREATE TABLE withdrawal_counts (
        unit_id TEXT NOT NULL,
        state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
        requests INTEGER NOT NULL CHECK (requests >= 0),
        PRIMARY KEY (unit_id, state)
    ) STRICT
    """,
]
