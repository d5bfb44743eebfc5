import Storage

/// The region whose superior may review in the unit's place (I10); '' for none.
let referralsMigration = Migration(
    number: 7, name: "referrals to superiors",
    statements: [
        "ALTER TABLE rounds ADD COLUMN referred_to TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX rounds_referred ON rounds (entered_ms, task_id) WHERE referred_to <> ''",
        // The claims of an officer who leaves.
        """
        CREATE INDEX declarations_claimed ON declarations (claimed_by)
        WHERE claimed_by IS NOT NULL AND phase IN (3, 4, 12)
        """,
    ])
