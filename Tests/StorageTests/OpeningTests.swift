import Domain
import Foundation
import Testing

@testable import Storage

@Suite("Opening")
struct OpeningTests {
    /// What opening fails with; nil when it does not.
    private func failure(
        _ configuration: DatabaseConfiguration, _ migrations: [Migration] = testMigrations
    ) -> StorageError? {
        do {
            try Database.open(configuration, migrations: migrations).close()
            return nil
        } catch {
            return error
        }
    }

    @Test("A new database is its owner's alone, with folder, mode and settings as required")
    func newDatabase() async throws {
        try await withFolder { folder in
            var configuration = testConfiguration(folder)
            configuration.path = folder + "/a/b/service.db"
            let database = try Database.open(configuration, migrations: testMigrations)
            #expect(database.migrationVersion == 1)
            let report = try await database.verify()
            #expect(report.faults == [])
            #expect(report.migrationVersion == 1)
            #expect(report.auditHead == .empty)
            _ = try await database.execute(Act.adding(1))
            for name in ["", "-wal", "-shm", ".lock"] {
                #expect(try permissions(configuration.path + name) == 0o600)
            }
            #expect(try permissions(folder + "/a") == 0o700)
            #expect(try permissions(folder + "/a/b") == 0o700)
            database.close()
            #expect(!FileManager.default.fileExists(atPath: configuration.path + "-wal"))
            #expect(try RawDatabase.run(configuration.path, "PRAGMA journal_mode") == "wal")
            #expect(
                try RawDatabase.run(configuration.path, "PRAGMA application_id")
                    == "\(configuration.applicationID)")
        }
    }

    @Test("Rights of others are taken away from the owner's file")
    func narrowsRights() async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            #expect(failure(configuration) == nil)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: configuration.path)
            #expect(failure(configuration) == nil)
            #expect(try permissions(configuration.path) == 0o600)
        }
    }

    @Test("A second opener is told that the database is in use")
    func inUse() async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            let database = try Database.open(configuration, migrations: testMigrations)
            #expect(failure(configuration)?.isInUse == true)
            database.close()
            #expect(failure(configuration) == nil)
        }
    }

    @Test("A program that does not lock is noticed too")
    func inUseByAStranger() async throws {
        try await withFolder { folder in
            var configuration = testConfiguration(folder)
            configuration.readLimitMilliseconds = 10
            #expect(failure(configuration) == nil)
            let stranger = try RawDatabase(configuration.path)
            try stranger.run(
                "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT count(*) FROM item")
            #expect(failure(configuration)?.code == .inUse)
            try stranger.run("COMMIT")
        }
    }

    @Test("Another service's database is refused, and told whose it is not")
    func otherOwner() async throws {
        try await withFolder { folder in
            var configuration = testConfiguration(folder)
            #expect(failure(configuration) == nil)
            configuration.owner = "other-service"
            let error = failure(configuration)
            #expect(error?.code == .foreign)
            #expect(error?.message.contains("other-service") == true)
            configuration.owner = "test-service"
            #expect(failure(configuration) == nil)
        }
    }

    @Test("The owner that is kept inside counts, not only the number in the header")
    func otherOwnerInside() async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            #expect(failure(configuration) == nil)
            try RawDatabase.run(configuration.path, "UPDATE meta SET owner = 'other-service'")
            let error = failure(configuration)
            #expect(error?.code == .foreign)
            #expect(error?.message.contains("other-service") == true)
        }
    }

    @Test(
        "A stranger's SQLite database is refused and stays as it was",
        arguments: [
            "CREATE TABLE x (y)", "PRAGMA application_id = 77",
            "PRAGMA journal_mode = WAL; CREATE TABLE x (y)",
        ])
    func foreignDatabase(sql: String) async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            try RawDatabase.run(configuration.path, sql)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: configuration.path)
            let before = try Data(contentsOf: URL(fileURLWithPath: configuration.path))
            #expect(failure(configuration)?.code == .foreign)
            #expect(try Data(contentsOf: URL(fileURLWithPath: configuration.path)) == before)
            #expect(try permissions(configuration.path) == 0o644)
        }
    }

    @Test(
        "A file that is no database is refused and stays as it was",
        arguments: [1, 50, 99, 100, 5_000])
    func notADatabase(length: Int) async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            let bytes = Data(repeating: 0x41, count: length)
            try bytes.write(to: URL(fileURLWithPath: configuration.path))
            #expect(failure(configuration)?.code == .notADatabase)
            #expect(try Data(contentsOf: URL(fileURLWithPath: configuration.path)) == bytes)
        }
    }

    @Test("A folder in the file's place, and a file in the folder's")
    func wrongKind() async throws {
        try await withFolder { folder in
            var configuration = testConfiguration(folder)
            configuration.path = folder + "/folder"
            try FileManager.default.createDirectory(
                atPath: configuration.path, withIntermediateDirectories: false)
            #expect([.notADatabase, .unwritable].contains(failure(configuration)?.code))
            try Data().write(to: URL(fileURLWithPath: folder + "/file"))
            configuration.path = folder + "/file/service.db"
            #expect(failure(configuration)?.code == .unwritable)
        }
    }

    @Test("A folder that cannot be made or written is named")
    func unwritableFolder() async throws {
        try await withFolder { folder in
            var configuration = testConfiguration(folder)
            // Not even root makes a folder there.
            configuration.path = "/proc/zhicheng/service.db"
            let error = failure(configuration)
            #expect(error?.code == .unwritable)
            #expect(error?.message.contains("/proc/zhicheng") == true)
        }
    }

    @Test("A database whose pages are spoilt does not open as a sound one")
    func corruptFile() async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            #expect(failure(configuration) == nil)
            let whole = try Data(contentsOf: URL(fileURLWithPath: configuration.path))
            // Every page but the header's bytes before the schema.
            try overwrite(
                configuration.path, at: 100,
                with: [UInt8](repeating: 0xa5, count: whole.count - 100))
            let error = failure(configuration)
            #expect([.damaged, .notADatabase].contains(error?.code))
        }
    }

    @Test("An empty file is one that was never finished")
    func emptyFile() async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            try Data().write(to: URL(fileURLWithPath: configuration.path))
            #expect(failure(configuration) == nil)
            #expect(failure(configuration) == nil)
            #expect(try permissions(configuration.path) == 0o600)
        }
    }

    @Test("Closing twice, from anywhere, is allowed; then everything is refused for certain")
    func closing() async throws {
        try await withDatabase { database in
            let gate = Gate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await database.execute(gate.command) }
                await gate.isReached()
                for id in 1...3 as ClosedRange<Int64> {
                    group.addTask { _ = try await database.execute(Act.adding(id)) }
                }
                await database.waits(for: 3)
                for _ in 0..<2 { group.addTask { try await onThread { database.close() } } }
                gate.open()
                // What was accepted before is still done.
                try await group.waitForAll()
            }
            database.close()
            let write = await #expect(throws: StorageError.self) {
                try await database.execute(Act.adding(4))
            }
            let read = #expect(throws: StorageError.self) { try database.items() }
            for error in [write, read] { #expect(error?.code == .notApplied(.closed)) }

            let again = try Database.open(database.configuration, migrations: testMigrations)
            defer { again.close() }
            #expect(try again.items() == [1, 2, 3])
        }
    }
}
