import Storage

/// Entrusted reviews (D11). States: 1 with the HR department, 2 with the committee, 3 accepted, 4 refused.
let entrustmentsMigration = Migration(
    number: 4, name: "entrusted reviews",
    statements: [
        """
        CREATE TABLE entrustments (
            id TEXT NOT NULL PRIMARY KEY,
            plan_id TEXT NOT NULL REFERENCES plans (id),
            unit_id TEXT NOT NULL,
            unit_name TEXT NOT NULL,
            region TEXT NOT NULL,
            committee_id TEXT NOT NULL,
            state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
            version INTEGER NOT NULL CHECK (version >= 1),
            reason TEXT NOT NULL,
            letter BLOB NOT NULL,
            requested_ms INTEGER NOT NULL,
            flow BLOB NOT NULL
        ) STRICT
        """,
        "CREATE INDEX entrustments_unit ON entrustments (unit_id, requested_ms, id)",
        "CREATE INDEX entrustments_region ON entrustments (region, requested_ms, id)",
        "CREATE INDEX entrustments_committee ON entrustments (committee_id, requested_ms, id)",
        """
        CREATE TABLE entrusted_persons (
            entrustment_id TEXT NOT NULL REFERENCES entrustments (id),
            position INTEGER NOT NULL,
            plan_id TEXT NOT NULL,
            person_id TEXT NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (entrustment_id, position)
        ) STRICT
        """,
        "CREATE INDEX entrusted_persons_person ON entrusted_persons (person_id, plan_id)",
    ])
