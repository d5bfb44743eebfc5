import CSQLite
import Domain
import Testing

@testable import Storage

@Suite("When the disk or the file fails")
struct FailureTests {
    private let filling = String(repeating: "x", count: 2_000)

    @Test("A full database is a definite no, loses nothing, and takes commands again after it")
    func fullDatabase() async throws {
        try await withDatabase({ $0.pageLimit = 60 }) { database in
            var stored: [Int64] = []
            var full: StorageError?
            while full == nil {
                do {
                    let id = Int64(stored.count)
                    _ = try await database.execute(Act.adding(id, value: filling))
                    stored.append(id)
                } catch let error as StorageError {
                    full = error
                }
            }
            #expect(full?.code == .notApplied(.diskFull))
            #expect(full?.isNotApplied == true)
            #expect(try database.items() == stored)

            _ = try await database.execute(Act.writing(Statement("DELETE FROM item WHERE id < 20")))
            _ = try await database.execute(Act.adding(0, value: filling))
            #expect(try database.items() == [0] + stored.dropFirst(20))
            #expect(try await database.verify().faults == [])
        }
    }

    @Test("Many writers into a full database: who was told yes is there, nobody else is")
    func fullDatabaseManyWriters() async throws {
        try await withDatabase({ $0.pageLimit = 40 }) { database throws in
            let stored = await withTaskGroup(of: Int64?.self) { group in
                for id in 0..<64 as Range<Int64> {
                    group.addTask {
                        do {
                            _ = try await database.execute(Act.adding(id, value: filling))
                            return id
                        } catch {
                            #expect((error as? StorageError)?.isNotApplied == true)
                            return nil
                        }
                    }
                }
                return await group.reduce(into: []) { stored, id in stored += id.map { [$0] } ?? []
                }
            }
            #expect(stored.count < 64)
            #expect(try database.items() == stored.sorted())
        }
    }

    @Test("Below the reserve of the disk writes are refused early, reads go on")
    func reserve() async throws {
        try await withDatabase({ $0.reserveBytes = .max }) { database throws in
            let error = await #expect(throws: StorageError.self) {
                try await database.execute(Act.adding(1))
            }
            #expect(error?.code == .notApplied(.diskFull))
            #expect(try database.items() == [])
        }
    }

    @Test("A writer that is kept out ends the process without an answer")
    func busyWriter() async throws {
        let deaths = Deaths()
        try await withDatabase({
            $0.fatal = { deaths.note($0) }
            $0.readLimitMilliseconds = 10
        }) { database in
            _ = try await database.execute(Act.adding(1))
            let intruder = try RawDatabase(database.configuration.path)
            try intruder.run("BEGIN IMMEDIATE")
            let error = await #expect(throws: StorageError.self) {
                try await database.execute(Act.adding(2))
            }
            #expect(error?.code == .unknown)
            #expect(deaths.all.map { ($0.resultCode ?? 0) & 0xff } == [SQLITE_BUSY])
            try intruder.run("ROLLBACK")
            let after = await #expect(throws: StorageError.self) {
                try await database.execute(Act.adding(3))
            }
            #expect(after?.code == .notApplied(.closed))
            #expect(try database.items() == [1])
        }
    }

    @Test("Damage that a read meets ends the process; it is not repaired in silence")
    func damagedTable() async throws {
        try await withFolder { folder in
            let deaths = Deaths()
            var configuration = testConfiguration(folder)
            configuration.fatal = { deaths.note($0) }
            let database = try Database.open(configuration, migrations: testMigrations)
            for id in 0..<100 as Range<Int64> {
                _ = try await database.execute(Act.adding(id, value: filling))
            }
            database.close()
            let path = configuration.path
            let root = try #require(
                try RawDatabase.run(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'item'")
            )
            let page = try #require(UInt64(root))
            try overwrite(
                path, at: (page - 1) * 4_096, with: [UInt8](repeating: 0xff, count: 4_096))

            let damaged = try Database.open(configuration, migrations: testMigrations)
            defer { damaged.close() }
            #expect(try await damaged.verify().faults.isEmpty == false)
            #expect(deaths.all.isEmpty)
            let error = #expect(throws: StorageError.self) { try damaged.items() }
            #expect(error?.code == .damaged)
            #expect(deaths.all.count == 1)
            _ = await #expect(throws: StorageError.self) {
                try await damaged.execute(Act.adding(1_000))
            }
            #expect(deaths.all.count >= 2)
        }
    }

    @Test(
        "Error codes reach as far as they must",
        arguments: [
            (SQLITE_CONSTRAINT | 8 << 8, Severity.request), (SQLITE_FULL, .group),
            (SQLITE_NOMEM, .group), (SQLITE_IOERR | 12 << 8, .group),
            (SQLITE_IOERR | 4 << 8, .process), (SQLITE_BUSY, .process), (SQLITE_CORRUPT, .process),
            (SQLITE_NOTADB, .process), (SQLITE_CANTOPEN, .process), (SQLITE_TOOBIG, .request),
        ])
    func severities(resultCode: Int32, severity: Severity) {
        #expect(StorageError(.io, "x", resultCode: resultCode).severity == severity)
    }
}
