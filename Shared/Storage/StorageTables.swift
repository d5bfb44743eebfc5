extension Migration {
    /// Storage's own steps, before a service's: 0, then -1, -2 …, so that every service's numbers stay its own.
    static let own = [storage, outboxDestinations]

    /// The tables.
    private static let storage = Migration(
        number: 0, name: "storage",
        statements: [
            """
            CREATE TABLE outbox (
                sequence INTEGER NOT NULL PRIMARY KEY,
                id BLOB NOT NULL UNIQUE,
                lane TEXT NOT NULL,
                destination TEXT NOT NULL,
                kind TEXT NOT NULL,
                payload BLOB NOT NULL,
                created INTEGER NOT NULL,
                acknowledged INTEGER
            ) STRICT
            """,
            "CREATE INDEX outbox_pending ON outbox (sequence) WHERE acknowledged IS NULL",
            "CREATE INDEX outbox_lanes ON outbox (lane, sequence) WHERE acknowledged IS NULL",
            """
            CREATE TABLE inbox (
                source TEXT NOT NULL,
                id BLOB NOT NULL,
                hash BLOB NOT NULL,
                outcome BLOB NOT NULL,
                received INTEGER NOT NULL,
                PRIMARY KEY (source, id)
            ) STRICT
            """,
            """
            CREATE TABLE idempotency (
                principal TEXT NOT NULL,
                method TEXT NOT NULL,
                key BLOB NOT NULL,
                hash BLOB NOT NULL,
                outcome BLOB NOT NULL,
                created INTEGER NOT NULL,
                keep INTEGER NOT NULL CHECK (keep IN (0, 1)),
                PRIMARY KEY (principal, method, key)
            ) STRICT
            """,
            "CREATE INDEX idempotency_expiry ON idempotency (created) WHERE keep = 0",
            """
            CREATE TABLE audit (
                sequence INTEGER NOT NULL PRIMARY KEY,
                at INTEGER NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                object TEXT NOT NULL,
                before BLOB NOT NULL,
                after BLOB NOT NULL,
                previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
                hash BLOB NOT NULL CHECK (length(hash) = 32)
            ) STRICT
            """,
            """
            CREATE TABLE audit_head (
                only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
                sequence INTEGER NOT NULL,
                hash BLOB NOT NULL CHECK (length(hash) = 32)
            ) STRICT
            """,
            "INSERT INTO audit_head (only, sequence, hash) VALUES (1, 0, zeroblob(32))",
            """
            CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'audit entries are not changed'); END
            """,
            """
            CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'audit entries are not deleted'); END
            """,
        ])

    /// Whoever delivers to one destination passes by what waits for all others.
    private static let outboxDestinations = Migration(
        number: -1, name: "the outbox by destination",
        statements: [
            """
            CREATE INDEX outbox_destinations ON outbox (destination, sequence)
            WHERE acknowledged IS NULL
            """
        ])

    /// What a new database has before its migrations.
    static let foundation = [
        """
        CREATE TABLE meta (
            only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
            owner TEXT NOT NULL,
            created INTEGER NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE migrations (
            number INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            checksum BLOB NOT NULL,
            applied INTEGER NOT NULL
        ) STRICT
        """,
    ]
}
