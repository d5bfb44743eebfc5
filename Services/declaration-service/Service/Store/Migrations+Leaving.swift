import Storage

/// Persons whom identity-service moves to another unit or lets go: nothing of theirs is submitted meanwhile.
let leavingMigration = Migration(
    number: 6, name: "persons who leave",
    statements: [
        """
        CREATE TABLE leaving (
            person_key BLOB NOT NULL PRIMARY KEY CHECK (length(person_key) BETWEEN 1 AND 64),
            until_ms INTEGER NOT NULL
        ) STRICT
        """
    ])
