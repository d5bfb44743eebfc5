import Domain
import Testing

@testable import Storage

@Suite("Migrations")
struct MigrationTests {
    private func migration(_ number: Int, _ statements: String...) -> Migration {
        Migration(number: number, name: "step \(number)", statements: statements)
    }

    private func open(_ folder: String, _ migrations: [Migration]) throws(StorageError) -> Int {
        let database = try Database.open(testConfiguration(folder), migrations: migrations)
        defer { database.close() }
        return database.migrationVersion
    }

    private var first: Migration { migration(1, "CREATE TABLE a (id INTEGER NOT NULL) STRICT") }
    private var second: Migration {
        migration(2, "CREATE TABLE b (id INTEGER NOT NULL) STRICT", "INSERT INTO b VALUES (7)")
    }

    @Test("Each is applied once, in order; later ones follow; a new name is no change")
    func grows() async throws {
        try await withFolder { folder throws in
            #expect(try open(folder, []) == 0)
            #expect(try open(folder, [first]) == 1)
            #expect(try open(folder, [second, first]) == 2)
            let renamed = Migration(number: 1, name: "reworded", statements: first.statements)
            #expect(try open(folder, [renamed, second]) == 2)
            let path = testConfiguration(folder).path
            #expect(try RawDatabase.run(path, "SELECT count(*) FROM b") == "1")
            #expect(try RawDatabase.run(path, "PRAGMA user_version") == "2")
        }
    }

    @Test("A step of Storage's own that came later is made up for")
    func ownSteps() async throws {
        try await withFolder { folder throws in
            _ = try open(folder, [first])
            let path = testConfiguration(folder).path
            try RawDatabase.run(path, "DELETE FROM migrations WHERE number = -1")
            try RawDatabase.run(path, "DROP INDEX outbox_destinations")
            #expect(try open(folder, [first, second]) == 2)
            #expect(
                try RawDatabase.run(
                    path, "SELECT count(*) FROM sqlite_schema WHERE name = 'outbox_destinations'")
                    == "1")
            #expect(try RawDatabase.run(path, "PRAGMA user_version") == "2")
            try RawDatabase.run(path, "UPDATE migrations SET number = -9 WHERE number = -1")
            let error = #expect(throws: StorageError.self) { try open(folder, [first, second]) }
            #expect(error?.code == .newerDatabase)
        }
    }

    @Test("A changed one is refused by its number")
    func changed() async throws {
        try await withFolder { folder in
            _ = try open(folder, [first, second])
            let edited = migration(1, "CREATE TABLE a (id TEXT NOT NULL) STRICT")
            let error = #expect(throws: StorageError.self) { try open(folder, [edited, second]) }
            #expect(error?.code == .migrationChanged)
            #expect(error?.message.contains("migration 1") == true)
        }
    }

    @Test("A database of a newer program is refused")
    func newer() async throws {
        try await withFolder { folder in
            _ = try open(folder, [first, second])
            let error = #expect(throws: StorageError.self) { try open(folder, [first]) }
            #expect(error?.code == .newerDatabase)
            #expect(try open(folder, [first, second]) == 2)
        }
    }

    @Test("A gap in the database's list is refused")
    func gap() async throws {
        try await withFolder { folder in
            _ = try open(folder, [first, second])
            let path = testConfiguration(folder).path
            try RawDatabase.run(path, "DELETE FROM migrations WHERE number = 1")
            let error = #expect(throws: StorageError.self) { try open(folder, [first, second]) }
            #expect(error?.code == .migrationChanged)
        }
    }

    @Test(
        "One that fails leaves the database as it was before it",
        arguments: [
            "CREATE TABLE a (id INTEGER)", "CREATE TABLE", "COMMIT", "PRAGMA foreign_keys = OFF",
            "SELECT 1", "CREATE TABLE d (x); CREATE TABLE e (x)",
            "INSERT INTO c (id) VALUES (1), (1)",
            "INSERT INTO child (parent) VALUES (5)",
        ])
    func fails(statement: String) async throws {
        try await withFolder { folder in
            _ = try open(folder, [first])
            let failing = migration(
                2, "CREATE TABLE c (id INTEGER NOT NULL PRIMARY KEY) STRICT",
                """
                CREATE TABLE child (
                    parent INTEGER NOT NULL REFERENCES c (id) DEFERRABLE INITIALLY DEFERRED
                ) STRICT
                """, statement)
            let error = #expect(throws: StorageError.self) { try open(folder, [first, failing]) }
            #expect(error?.code == .migrationFailed)
            #expect(error?.message.contains("step 2") == true)
            #expect(try open(folder, [first]) == 1)
            #expect(
                try RawDatabase.run(
                    testConfiguration(folder).path,
                    "SELECT count(*) FROM sqlite_schema WHERE name IN ('c', 'child')") == "0")
        }
    }

    @Test("Numbers with a gap are the programmer's error")
    func numbers() async {
        await #expect(processExitsWith: .failure) {
            let configuration = DatabaseConfiguration(
                path: "/proc/none", owner: "test", clock: CountingClock())
            _ = Migrator(
                try Connection(path: ":memory:"),
                [Migration(number: 2, name: "two", statements: [])])
            _ = configuration
        }
    }
}
