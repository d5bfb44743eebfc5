import Domain
import Foundation
import Testing

@testable import Storage

@Suite("Backup and restore")
struct BackupTests {
    private func auditing(_ id: Int64) -> Act {
        Act(deciding: { _, now in
            Plan(
                writes: [insert(id, "value", now)],
                audit: [AuditEntry(actor: "a", action: "b", object: "item:\(id)")],
                reply: "done")
        })
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test("Backups under load are one moment of the database, and restore to it")
    func underLoad() async throws {
        try await withFolder { folder in
            try await withDatabase { database in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        // One after the other: a moment holds 0 to n without a gap.
                        for id in 0..<300 as Range<Int64> {
                            _ = try await database.execute(auditing(id))
                        }
                    }
                    for number in 0..<5 {
                        _ = try await database.backUp(to: folder + "/backup-\(number)")
                    }
                    try await group.waitForAll()
                }
                let report = try await database.backUp(to: folder + "/backup-5")
                #expect(try report.auditHead == database.auditHead())
                #expect(report.auditHead.sequence == 300)
                #expect(report.migrationVersion == 1)
            }
            #expect(try names(folder) == (0...5).map { "backup-\($0)" }, "no log beside a copy")
            var least = 0
            for number in 0...5 {
                #expect(try permissions(folder + "/backup-\(number)") == 0o600)
                var configuration = testConfiguration(folder)
                configuration.path = folder + "/restored-\(number)/service.db"
                let report = try await Database.restore(
                    folder + "/backup-\(number)", to: configuration)
                let restored = try Database.open(configuration, migrations: testMigrations)
                defer { restored.close() }
                let items = try restored.items()
                #expect(items == Array(0..<Int64(items.count)))
                #expect(items.count >= least)
                #expect(try report.auditHead == restored.auditHead())
                #expect(report.auditHead.sequence == Int64(items.count))
                #expect(try await restored.verify().faults == [])
                _ = try await restored.execute(auditing(1_000))
                least = items.count
            }
            #expect(least == 300)
        }
    }

    @Test("What a service that died left in its log is in the backup; a missing database is none")
    func withoutItsService() async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder + "/live")
            let crashed = testConfiguration(folder + "/crashed")
            let missing = await #expect(throws: StorageError.self) {
                try await Database.backUp(configuration, to: folder + "/backup")
            }
            #expect(missing?.code == .unwritable)
            let database = try Database.open(configuration, migrations: testMigrations)
            defer { database.close() }
            for id in 0..<50 as Range<Int64> { _ = try await database.execute(auditing(id)) }
            // As after a kill: the log was not copied, and nobody holds a lock.
            try FileManager.default.createDirectory(
                atPath: folder + "/crashed", withIntermediateDirectories: true)
            for ending in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: configuration.path + ending, toPath: crashed.path + ending)
            }
            let report = try await Database.backUp(crashed, to: folder + "/backup")
            #expect(report.auditHead.sequence == 50)
            var owner = configuration
            owner.path = folder + "/backup"
            let items = try await Database.readBackup(owner) { rows in
                try rows.row(Statement("SELECT count(*) AS n FROM item"))?.integer("n")
            }
            #expect(items == 50)
            owner.owner = "other-service"
            let stranger = owner
            let other = await #expect(throws: StorageError.self) {
                try await Database.verify(stranger)
            }
            #expect(other?.code == .foreign)
            // The service starts on what the reader left.
            let again = try Database.open(crashed, migrations: testMigrations)
            defer { again.close() }
            #expect(try again.items().count == 50)
        }
    }

    @Test("A long read in the way of checkpoints holds writers up once, not at every commit")
    func longReader() {
        var policy = CheckpointPolicy()
        #expect(policy.due(frames: 999, isIdle: true) == nil)
        #expect(policy.due(frames: 1_000, isIdle: true) == .passive)
        #expect(policy.due(frames: 3_999, isIdle: false) == nil)
        var waits: [Int] = []
        for frames in stride(from: 4_000, to: 300_000, by: 1_000) {
            guard let kind = policy.due(frames: frames, isIdle: false) else { continue }
            if kind == .restart { waits.append(frames) }
            policy.made(kind, frames: frames, isWhole: false)
        }
        #expect(waits == [32_000, 64_000, 128_000, 256_000])
        policy.made(.passive, frames: 300_000, isWhole: true)
        #expect(policy.due(frames: 32_000, isIdle: false) == .restart)
    }

    @Test("A backup or a restore never replaces what is there")
    func exists() async throws {
        try await withFolder { folder in
            try await withDatabase { database in
                _ = try await database.execute(auditing(1))
                _ = try await database.backUp(to: folder + "/backup")
                let again = await #expect(throws: StorageError.self) {
                    try await database.backUp(to: folder + "/backup")
                }
                #expect(again?.code == .exists)
                let own = await #expect(throws: StorageError.self) {
                    try await database.backUp(to: database.configuration.path)
                }
                #expect(own?.code == .exists)
                let live = await #expect(throws: StorageError.self) {
                    try await Database.restore(folder + "/backup", to: database.configuration)
                }
                #expect(live?.code == .inUse)
                database.close()
                let closed = await #expect(throws: StorageError.self) {
                    try await Database.restore(folder + "/backup", to: database.configuration)
                }
                #expect(closed?.code == .exists)
            }
        }
    }

    @Test("What is no sound backup of this owner is refused and leaves no database")
    func refusedBackups() async throws {
        try await withFolder { folder in
            try await withDatabase { database in
                for id in 0..<100 as Range<Int64> { _ = try await database.execute(auditing(id)) }
                _ = try await database.backUp(to: folder + "/backup")
            }
            var configuration = testConfiguration(folder + "/target")
            func refusal(_ backup: String) async throws -> StorageError.Code? {
                let error = await #expect(throws: StorageError.self) {
                    try await Database.restore(backup, to: configuration)
                }
                #expect(try names(folder + "/target") == ["service.db.lock"])
                return error?.code
            }
            let copy = folder + "/copy"
            try FileManager.default.copyItem(atPath: folder + "/backup", toPath: copy)
            try RawDatabase.run(
                copy, "DROP TRIGGER audit_is_not_changed; UPDATE audit SET actor = 'x'")
            #expect(try await refusal(copy) == .damaged)

            let size = try Data(contentsOf: URL(fileURLWithPath: copy)).count
            try overwrite(copy, at: 4_096, with: [UInt8](repeating: 0x5a, count: size - 4_096))
            #expect(try await refusal(copy) == .damaged)

            try Data("no database".utf8).write(to: URL(fileURLWithPath: copy))
            #expect(try await refusal(copy) == .notADatabase)
            #expect(try await refusal(folder + "/none") == .unwritable)
            configuration.owner = "other-service"
            #expect(try await refusal(folder + "/backup") == .foreign)
        }
    }

    @Test("A copy that a dead process left half made is not in the way")
    func leftOver() async throws {
        try await withFolder { folder in
            try Data("half".utf8).write(to: URL(fileURLWithPath: folder + "/backup.part"))
            try await withDatabase { database in
                _ = try await database.backUp(to: folder + "/backup")
            }
            #expect(try names(folder) == ["backup"])
        }
    }
}
