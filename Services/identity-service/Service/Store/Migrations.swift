import Storage

/// The tables of identity-service. CHECK and UNIQUE are the last assertion of the rules in `Rules`.
///
/// ID numbers and phones are ciphertexts; `id_index` is the keyed index of an ID number.
let identityMigrations: [Migration] = [
    Migration(
        number: 1, name: "units, persons, sessions, registrations",
        statements: unitTables + personTables + sessionTables + registrationTables),
    // The token request of the authorization code flow repeats where the browser came back.
    Migration(
        number: 2, name: "redirects of logins",
        statements: ["ALTER TABLE login_states ADD COLUMN redirect TEXT NOT NULL DEFAULT ''"]),
    Migration(
        number: 3, name: "change requests of units", statements: unitChangeTables),
    Migration(
        number: 4, name: "registrations of those who left", statements: historyTables),
    // What one officer decided, without reading what the others did.
    Migration(
        number: 5, name: "an officer's own decisions",
        statements: [
            """
            CREATE INDEX rounds_mine ON review_rounds (unit_id, decided_by, entered_ms, task_id)
            WHERE outcome IS NOT NULL
            """
        ]),
    Migration(
        number: 6, name: "referrals to superiors, looks at numbers in clear",
        statements: referralColumns + revealTables),
    // States are signed: only those that signed somebody in are kept, until they end.
    Migration(
        number: 7, name: "used states of logins",
        statements: [
            "DROP TABLE login_states",
            """
            CREATE TABLE used_login_states (
                state_hash BLOB NOT NULL PRIMARY KEY CHECK (length(state_hash) = 32),
                expires_ms INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX used_login_states_expiry ON used_login_states (expires_ms)",
        ]),
    // The old USCC leads there; where that unit is merged as well, to the last one.
    Migration(
        number: 8, name: "merged units",
        statements: [
            """
            ALTER TABLE units ADD COLUMN merged_into TEXT REFERENCES units (id)
            CHECK ((state = 'merged') = (merged_into IS NOT NULL))
            """,
            "CREATE INDEX units_merged ON units (merged_into) WHERE merged_into IS NOT NULL",
        ]),
]

private let referralColumns = [
    // The region whose superior may decide in the unit's place; '' for none.
    "ALTER TABLE review_rounds ADD COLUMN referred_to TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX rounds_referred ON review_rounds (entered_ms, task_id) WHERE referred_to <> ''",
]

private let revealTables = [
    """
    CREATE TABLE reveals (
        id TEXT NOT NULL PRIMARY KEY,
        person_id TEXT NOT NULL REFERENCES persons (id),
        registration_id TEXT NOT NULL REFERENCES registrations (id),
        officer_id TEXT NOT NULL REFERENCES persons (id),
        officer_name TEXT NOT NULL CHECK (officer_name <> ''),
        unit_id TEXT NOT NULL REFERENCES units (id),
        unit_name TEXT NOT NULL,
        reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
        at_ms INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX reveals_person ON reveals (person_id, at_ms, id)",
]

private let historyTables = [
    """
    CREATE TABLE registration_history (
        registration_id TEXT NOT NULL REFERENCES registrations (id),
        person_id TEXT NOT NULL REFERENCES persons (id),
        unit_id TEXT NOT NULL REFERENCES units (id),
        round INTEGER NOT NULL,
        version INTEGER NOT NULL,
        state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
        name TEXT NOT NULL,
        sex TEXT NOT NULL,
        id_document TEXT NOT NULL,
        id_number BLOB NOT NULL,
        id_index BLOB NOT NULL,
        phone BLOB NOT NULL,
        birth_day TEXT NOT NULL,
        political_status TEXT NOT NULL,
        email TEXT NOT NULL,
        registered_ms INTEGER NOT NULL,
        left_ms INTEGER NOT NULL,
        steps INTEGER NOT NULL,
        PRIMARY KEY (registration_id, version)
    ) STRICT
    """,
    """
    CREATE INDEX registration_history_unit
    ON registration_history (unit_id, left_ms, registration_id)
    """,
]

private let unitChangeTables = [
    """
    CREATE TABLE unit_changes (
        id TEXT NOT NULL PRIMARY KEY,
        unit_id TEXT NOT NULL REFERENCES units (id),
        unit_name TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (length(scope) = 6),
        nature_before TEXT NOT NULL,
        nature_after TEXT NOT NULL,
        region_before TEXT NOT NULL,
        region_after TEXT NOT NULL,
        reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
        requested_by TEXT NOT NULL REFERENCES persons (id),
        requested_by_name TEXT NOT NULL,
        requested_ms INTEGER NOT NULL,
        state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
        opinion TEXT,
        decided_by TEXT REFERENCES persons (id),
        decided_by_name TEXT,
        decided_ms INTEGER,
        CHECK (nature_before <> nature_after OR region_before <> region_after),
        CHECK ((state = 1) = (decided_by IS NULL)),
        CHECK (state <> 3 OR opinion <> '')
    ) STRICT
    """,
    // One request at a time.
    "CREATE UNIQUE INDEX unit_changes_pending ON unit_changes (unit_id) WHERE state = 1",
    "CREATE INDEX unit_changes_unit ON unit_changes (unit_id, requested_ms, id)",
    "CREATE INDEX unit_changes_time ON unit_changes (requested_ms, id)",
]

private let unitTables = [
    """
    CREATE TABLE units (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
        uscc TEXT NOT NULL CHECK (length(uscc) IN (0, 18)),
        built_in INTEGER NOT NULL CHECK (built_in IN (0, 1)),
        state TEXT NOT NULL CHECK (state IN ('incomplete', 'active', 'suspended', 'merged')),
        version INTEGER NOT NULL CHECK (version >= 1),
        created_ms INTEGER NOT NULL,
        submitted_ms INTEGER,
        legal_name TEXT NOT NULL,
        legal_id BLOB,
        legal_phone BLOB,
        contact_phone BLOB,
        contact_name TEXT NOT NULL,
        address TEXT NOT NULL,
        nature TEXT NOT NULL,
        email TEXT NOT NULL,
        region TEXT NOT NULL,
        fax TEXT NOT NULL,
        industry_code TEXT NOT NULL,
        status TEXT NOT NULL,
        economic_type TEXT NOT NULL,
        tax_number TEXT NOT NULL,
        license_kind TEXT NOT NULL,
        license_number TEXT NOT NULL,
        license_day TEXT NOT NULL,
        license_years TEXT NOT NULL,
        approval_number TEXT NOT NULL,
        approval_day TEXT NOT NULL,
        approving_body TEXT NOT NULL,
        CHECK (built_in = 1 OR uscc <> ''),
        CHECK (
            state = 'incomplete'
            OR (submitted_ms IS NOT NULL AND nature <> '' AND region <> ''
                AND legal_phone IS NOT NULL AND contact_phone IS NOT NULL))
    ) STRICT
    """,
    // One unit per USCC; built-in units may share their group's.
    "CREATE UNIQUE INDEX units_uscc ON units (uscc) WHERE built_in = 0",
    "CREATE INDEX units_name ON units (name, id) WHERE state = 'active'",
]

private let personTables = [
    """
    CREATE TABLE persons (
        id TEXT NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL
            CHECK (kind IN ('officer', 'applicant', 'hr_department', 'superior', 'committee')),
        name TEXT NOT NULL CHECK (length(name) <= 100),
        id_number BLOB,
        id_index BLOB,
        phone BLOB,
        region TEXT NOT NULL,
        committee_id TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        CHECK ((id_number IS NULL) = (id_index IS NULL)),
        CHECK (kind <> 'applicant' OR (id_index IS NOT NULL AND phone IS NOT NULL)),
        CHECK (kind NOT IN ('hr_department', 'superior') OR region <> ''),
        CHECK (kind <> 'committee' OR committee_id <> '')
    ) STRICT
    """,
    // A natural person applies under one account.
    "CREATE UNIQUE INDEX persons_applicant ON persons (id_index) WHERE kind = 'applicant'",
    """
    CREATE TABLE officers (
        unit_id TEXT NOT NULL REFERENCES units (id),
        person_id TEXT NOT NULL REFERENCES persons (id),
        role INTEGER NOT NULL CHECK (role IN (1, 2)),
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        since_ms INTEGER NOT NULL,
        PRIMARY KEY (unit_id, person_id)
    ) STRICT
    """,
    "CREATE INDEX officers_active ON officers (unit_id) WHERE active = 1",
    "CREATE INDEX officers_person ON officers (person_id)",
    // A person of an identity provider is (issuer, subject), never a name or a number.
    """
    CREATE TABLE identities (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        person_id TEXT NOT NULL UNIQUE REFERENCES persons (id),
        PRIMARY KEY (issuer, subject)
    ) STRICT
    """,
    """
    CREATE TABLE accounts (
        account TEXT NOT NULL PRIMARY KEY CHECK (length(account) BETWEEN 4 AND 40),
        person_id TEXT NOT NULL UNIQUE REFERENCES persons (id),
        password TEXT NOT NULL,
        generation INTEGER NOT NULL CHECK (generation >= 1),
        must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
        changed_ms INTEGER NOT NULL
    ) STRICT
    """,
]

private let sessionTables = [
    """
    CREATE TABLE sessions (
        token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
        person_id TEXT NOT NULL REFERENCES persons (id),
        unit_id TEXT REFERENCES units (id),
        created_ms INTEGER NOT NULL,
        seen_ms INTEGER NOT NULL CHECK (seen_ms >= created_ms),
        expires_ms INTEGER NOT NULL CHECK (expires_ms - created_ms BETWEEN 1 AND 43200000)
    ) STRICT
    """,
    "CREATE INDEX sessions_person ON sessions (person_id, created_ms)",
    "CREATE INDEX sessions_expiry ON sessions (expires_ms)",
    """
    CREATE TABLE login_states (
        state_hash BLOB NOT NULL PRIMARY KEY CHECK (length(state_hash) = 32),
        provider TEXT NOT NULL,
        expires_ms INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX login_states_expiry ON login_states (expires_ms)",
]

private let registrationTables = [
    """
    CREATE TABLE registrations (
        id TEXT NOT NULL PRIMARY KEY,
        person_id TEXT NOT NULL REFERENCES persons (id),
        unit_id TEXT NOT NULL REFERENCES units (id),
        round INTEGER NOT NULL CHECK (round >= 1),
        version INTEGER NOT NULL CHECK (version >= round),
        state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
        name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        sex TEXT NOT NULL CHECK (sex IN ('男', '女')),
        id_document TEXT NOT NULL,
        id_number BLOB NOT NULL,
        id_index BLOB NOT NULL,
        phone BLOB NOT NULL,
        birth_day TEXT NOT NULL,
        political_status TEXT NOT NULL,
        email TEXT NOT NULL,
        registered_ms INTEGER NOT NULL
    ) STRICT
    """,
    // One live registration per person: only a cancelled one makes room for another.
    "CREATE UNIQUE INDEX registrations_live ON registrations (person_id) WHERE state <> 5",
    "CREATE INDEX registrations_list ON registrations (unit_id, registered_ms, id)",
    "CREATE INDEX registrations_state ON registrations (unit_id, state, registered_ms, id)",
    """
    CREATE TABLE review_rounds (
        task_id TEXT NOT NULL PRIMARY KEY,
        registration_id TEXT NOT NULL REFERENCES registrations (id),
        round INTEGER NOT NULL CHECK (round >= 1),
        unit_id TEXT NOT NULL REFERENCES units (id),
        person_id TEXT NOT NULL REFERENCES persons (id),
        name TEXT NOT NULL,
        entered_ms INTEGER NOT NULL,
        version INTEGER NOT NULL,
        outcome INTEGER CHECK (outcome IN (1, 2)),
        opinion TEXT CHECK (length(opinion) BETWEEN 1 AND 2000),
        decision_id TEXT UNIQUE,
        decided_by TEXT REFERENCES persons (id),
        decided_by_name TEXT,
        decided_ms INTEGER,
        UNIQUE (registration_id, round),
        CHECK (
            (outcome IS NULL AND opinion IS NULL AND decision_id IS NULL
                AND decided_by IS NULL AND decided_ms IS NULL)
            OR (outcome IS NOT NULL AND opinion IS NOT NULL AND decision_id IS NOT NULL
                AND decided_by IS NOT NULL AND decided_ms IS NOT NULL))
    ) STRICT
    """,
    "CREATE UNIQUE INDEX rounds_open ON review_rounds (registration_id) WHERE outcome IS NULL",
    """
    CREATE INDEX rounds_pending ON review_rounds (unit_id, entered_ms, task_id)
    WHERE outcome IS NULL
    """,
    """
    CREATE INDEX rounds_processed ON review_rounds (unit_id, entered_ms, task_id)
    WHERE outcome IS NOT NULL
    """,
    // Written in the plan that moves the rows; a test compares them with the rows.
    """
    CREATE TABLE review_counts (
        unit_id TEXT NOT NULL PRIMARY KEY REFERENCES units (id),
        pending INTEGER NOT NULL CHECK (pending >= 0),
        approved INTEGER NOT NULL CHECK (approved >= 0),
        returned INTEGER NOT NULL CHECK (returned >= 0)
    ) STRICT
    """,
    """
    CREATE TABLE flow_steps (
        registration_id TEXT NOT NULL REFERENCES registrations (id),
        step INTEGER NOT NULL CHECK (step >= 1),
        node TEXT NOT NULL,
        action TEXT NOT NULL,
        actor_id TEXT NOT NULL,
        actor_name TEXT NOT NULL,
        opinion TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        PRIMARY KEY (registration_id, step)
    ) STRICT
    """,
]
