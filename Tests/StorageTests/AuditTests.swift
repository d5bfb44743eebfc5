import Domain
import Testing

@testable import Storage

@Suite("Audit chain")
struct AuditTests {
    private static func auditing(_ numbers: ClosedRange<Int>) -> Act {
        let entries = numbers.map { number in
            AuditEntry(
                actor: "person:\(number)", action: "item.change", object: "item:\(number)",
                before: [("state", "draft")], after: [("state", "submitted")])
        }
        return Act(deciding: { _, _ in Plan(audit: entries, reply: "done") })
    }

    /// A closed database with ten entries, and where its chain stands.
    private func withChain(
        _ body: (DatabaseConfiguration, AuditHead) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let configuration = testConfiguration(folder)
            let database = try Database.open(configuration, migrations: testMigrations)
            for first in [1, 4, 7] {
                _ = try await database.execute(Self.auditing(first...(first + 2)))
            }
            _ = try await database.execute(Self.auditing(10...10))
            let head = try database.auditHead()
            #expect(try await database.verify(savedHeads: [head]).faults == [])
            database.close()
            try await body(configuration, head)
        }
    }

    /// What is found: by opening, or by checking.
    private func faults(
        _ configuration: DatabaseConfiguration, savedHeads: [AuditHead] = []
    ) async throws -> [String] {
        do {
            let database = try Database.open(configuration, migrations: testMigrations)
            defer { database.close() }
            return try await database.verify(savedHeads: savedHeads).faults
        } catch let error as StorageError where error.code == .damaged {
            return [error.message]
        }
    }

    /// Changes rows in spite of the triggers.
    private func tamper(_ configuration: DatabaseConfiguration, _ sql: String) throws {
        let database = try RawDatabase(configuration.path)
        try database.run(
            """
            BEGIN; DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted;
            \(sql); COMMIT
            """)
    }

    @Test("Entries come back as they were given, numbered without a gap")
    func entries() async throws {
        try await withChain { configuration, head in
            #expect(head.sequence == 10)
            let database = try Database.open(configuration, migrations: testMigrations)
            defer { database.close() }
            let entries = try database.auditEntries(after: 0, limit: 100)
            #expect(entries.map(\.sequence) == Array(1...10))
            #expect(entries.map(\.entry.actor) == (1...10).map { "person:\($0)" })
            #expect(entries[0].entry.before.map(\.1) == ["draft"])
            #expect(entries[0].entry.after.map(\.1) == ["submitted"])
            #expect(entries.last?.hash == head.hash)
            #expect(try database.auditEntries(after: 8, limit: 1).map(\.sequence) == [9])
            // The chain goes on where it was.
            _ = try await database.execute(Self.auditing(11...11))
            #expect(try database.auditHead().sequence == 11)
            #expect(try await database.verify(savedHeads: [head]).faults == [])
        }
    }

    @Test(
        "A command cannot change or remove entries",
        arguments: ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
    func triggers(sql: String) async throws {
        try await withDatabase { database in
            _ = try await database.execute(Self.auditing(1...2))
            let error = await #expect(throws: StorageError.self) {
                try await database.execute(Act.writing(Statement(sql)))
            }
            #expect(error?.code == .constraint)
            #expect(try database.count("audit") == 2)
        }
    }

    @Test(
        "A changed column is found, whatever column and entry",
        arguments: [
            "at = at + 1", "actor = 'person:0'", "action = action || 'd'", "object = 'item:0'",
            "before = after", "after = x''", "previous_hash = zeroblob(32)", "hash = zeroblob(32)",
            "actor = substr(actor || action, 1, 11), action = substr(actor || action, 12)",
        ], [1, 5, 10])
    func changedColumn(change: String, sequence: Int) async throws {
        try await withChain { configuration, _ in
            if change.hasPrefix("previous_hash"), sequence == 1 {
                // The first entry continues nothing: this is its value.
                return
            }
            try tamper(configuration, "UPDATE audit SET \(change) WHERE sequence = \(sequence)")
            #expect(try await faults(configuration).count == 1)
        }
    }

    @Test(
        "Removed, moved and added entries are found",
        arguments: [
            "DELETE FROM audit WHERE sequence = 1", "DELETE FROM audit WHERE sequence = 5",
            "DELETE FROM audit WHERE sequence = 10", "DELETE FROM audit WHERE sequence > 7",
            "DELETE FROM audit", "DELETE FROM audit_head", "UPDATE audit_head SET sequence = 9",
            "UPDATE audit_head SET hash = zeroblob(32)",
            "UPDATE audit SET sequence = 11 WHERE sequence = 10",
            "UPDATE audit SET sequence = -5 WHERE sequence = 5",
            """
            UPDATE audit SET sequence = 100 WHERE sequence = 4;
            UPDATE audit SET sequence = 4 WHERE sequence = 5;
            UPDATE audit SET sequence = 5 WHERE sequence = 100
            """,
            """
            INSERT INTO audit SELECT 11, at, actor, action, object, before, after, hash, hash
            FROM audit WHERE sequence = 10
            """,
            """
            INSERT INTO audit SELECT -1, at, actor, action, object, before, after, hash, hash
            FROM audit WHERE sequence = 10
            """,
        ])
    func rearranged(sql: String) async throws {
        try await withChain { configuration, _ in
            try tamper(configuration, sql)
            #expect(try await faults(configuration).count == 1)
        }
    }

    @Test("An end cut off together with its head is found by a head saved outside")
    func truncated() async throws {
        try await withChain { configuration, head in
            try tamper(
                configuration,
                """
                DELETE FROM audit WHERE sequence > 8;
                UPDATE audit_head SET sequence = 8,
                    hash = (SELECT hash FROM audit WHERE sequence = 8)
                """)
            #expect(try await faults(configuration) == [])
            #expect(try await faults(configuration, savedHeads: [head]).count == 1)
        }
    }

    @Test("A chain that was written anew as a whole is found by a head saved outside")
    func rewritten() async throws {
        try await withChain { configuration, head in
            var chain = AuditHead.empty
            var sql = "DELETE FROM audit"
            for number in 1...10 {
                let entry = AuditEntry(actor: "person:\(number)", action: "x", object: "y")
                let row = AuditRow(entry, after: chain, at: Timestamp(milliseconds: 1))
                func hex(_ bytes: [UInt8]) -> String {
                    "x'"
                        + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
                        .joined() + "'"
                }
                sql += """
                    ; INSERT INTO audit VALUES (\(number), 1, 'person:\(number)', 'x', 'y',
                        \(hex(row.before)), \(hex(row.after)), \(hex(chain.hash)), \(hex(row.hash)))
                    """
                chain = AuditHead(sequence: row.sequence, hash: row.hash)
                if number == 10 {
                    sql += "; UPDATE audit_head SET sequence = 10, hash = \(hex(row.hash))"
                }
            }
            try tamper(configuration, sql)
            #expect(try await faults(configuration) == [])
            #expect(try await faults(configuration, savedHeads: [head]).count == 1)
        }
    }

    @Test("Missing rows that others refer to are found")
    func foreignKeys() async throws {
        try await withChain { configuration, _ in
            try RawDatabase.run(configuration.path, "INSERT INTO part (item) VALUES (1), (2)")
            #expect(
                try await faults(configuration)
                    == ["a row of part refers to a missing row of item"])
        }
    }
}
