import Domain
import Testing

@testable import Storage

@Suite("Statements and rows")
struct StatementTests {
    @Test(
        "A write is one INSERT, UPDATE, DELETE or WITH",
        arguments: [
            "SELECT 1", "PRAGMA user_version = 7", "COMMIT", "ROLLBACK", "BEGIN", "VACUUM",
            "CREATE TABLE x (y INTEGER)", "DROP TABLE item", "ATTACH 'x' AS y", "SAVEPOINT z",
            "RELEASE command", "INSERT INTO bomb VALUES (1); DELETE FROM item", "", "  ; ",
            "-- INSERT\nSELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "INSERT INTO",
            "INSERT INTO nothing VALUES (1)",
        ])
    func refusedWrites(sql: String) async throws {
        try await withDatabase { database in
            _ = try await database.execute(Act.adding(1))
            let error = await #expect(throws: StorageError.self) {
                try await database.execute(Act.writing(insert(2), Statement(sql)))
            }
            #expect(error?.code == .statement)
            #expect(try database.items() == [1])
        }
    }

    @Test(
        "A read is one SELECT or WITH",
        arguments: [
            "DELETE FROM item", "PRAGMA query_only = OFF", "COMMIT", "EXPLAIN SELECT 1",
            "SELECT 1; SELECT 2", "WITH a AS (SELECT 1) DELETE FROM item", "",
        ])
    func refusedReads(sql: String) async throws {
        try await withDatabase { database in
            _ = try await database.execute(Act.adding(1))
            let error = #expect(throws: StorageError.self) {
                try database.read { try $0.rows(Statement(sql), limit: 1) }
            }
            #expect(error?.code == .statement)
            #expect(try database.items() == [1])
        }
    }

    @Test("A trailing semicolon is no second statement")
    func trailingSemicolon() async throws {
        try await withDatabase { database in
            let row = try database.read { try $0.row(Statement("SELECT 7 AS n ; \n")) }
            #expect(try row?.integer("n") == 7)
        }
    }

    @Test("Values come back as they went")
    func roundTrip() async throws {
        let values: [Value] = [
            .null, .integer(.min), .integer(.max), .integer(0), .real(-0.5), .real(.infinity),
            .text(""), .text("职称 é e\u{301} 🀄"), .blob([]), .blob([0, 255, 0]),
        ]
        try await withDatabase { database in
            for value in values {
                let row = try database.read { try $0.row(Statement("SELECT ? AS v", [value])) }
                #expect(row?[0] == value)
            }
        }
    }

    @Test(
        "What cannot be stored exactly is refused",
        arguments: [Value.real(.nan), .text("a\0b")])
    func refusedArguments(value: Value) async throws {
        try await withDatabase { database in
            let error = #expect(throws: StorageError.self) {
                try database.read { try $0.row(Statement("SELECT ? AS v", [value])) }
            }
            #expect(error?.code == .argument)
        }
    }

    @Test("Arguments are counted", arguments: [0, 2])
    func argumentCount(count: Int) async throws {
        try await withDatabase { database in
            let error = #expect(throws: StorageError.self) {
                try database.read {
                    try $0.row(
                        Statement("SELECT ?", [Value](repeating: .integer(1), count: count)))
                }
            }
            #expect(error?.code == .statement)
        }
    }

    @Test("A column of another name or type is an error that says so")
    func columns() async throws {
        try await withDatabase { database in
            let row = try #require(
                try database.read {
                    try $0.row(Statement("SELECT 1 AS n, 'x' AS t, NULL AS z, x'01' AS b"))
                })
            #expect(row.count == 4)
            #expect(try row.optionalInteger("z") == nil)
            #expect(try row.optionalText("z") == nil)
            #expect(try row.blob("b") == [1])
            #expect(throws: StorageError.self) { try row.integer("z") }
            #expect(throws: StorageError.self) { try row.text("n") }
            #expect(throws: StorageError.self) { try row.blob("t") }
            #expect(throws: StorageError.self) { try row.real("n") }
            let missing = #expect(throws: StorageError.self) { try row.integer("missing") }
            #expect(missing?.code == .noSuchColumn)
        }
    }

    @Test("Columns are read in any order; of two of one name it is the first")
    func columnsInAnyOrder() async throws {
        try await withDatabase { database in
            let rows = try database.read {
                try $0.rows(
                    Statement("SELECT 1 AS a, 2 AS b, 3 AS c UNION SELECT 4, 5, 6"), limit: 2)
            }
            for (row, base) in zip(rows, [Int64(0), 3]) {
                for name in ["a", "b", "c", "b", "b", "a", "c", "a"] {
                    let place = Int64(name.utf8.first ?? 0) - 0x60
                    #expect(try row.integer(name) == base + place)
                }
            }
            let row = try #require(
                try database.read { try $0.row(Statement("SELECT 1 AS a, 2 AS a, 3 AS b")) })
            for _ in 0..<3 { #expect(try row.integer("a") == 1) }
            #expect(try row.integer("b") == 3)
        }
    }

    @Test("A limit of rows is kept")
    func limit() async throws {
        try await withDatabase { database in
            for id in 1...5 as ClosedRange<Int64> { _ = try await database.execute(Act.adding(id)) }
            let all = Statement("SELECT id FROM item ORDER BY id")
            for limit in 0...6 {
                #expect(
                    try database.read { try $0.rows(all, limit: limit).count } == min(limit, 5))
            }
        }
    }

    @Test("Bytes with one meaning are read back, and anything else is damage")
    func canonicalEncoding() throws {
        let pairs = [("a", "1"), ("", ""), ("名", "值")]
        var encoding = CanonicalEncoding()
        encoding.append(pairs)
        encoding.append(-5)
        var decoding = CanonicalDecoding(encoding.bytes)
        let decoded = try decoding.pairs()
        #expect(decoded.map(\.0) == pairs.map(\.0))
        #expect(decoded.map(\.1) == pairs.map(\.1))
        #expect(try decoding.integer() == -5)
        try decoding.finish()
        for length in 0..<encoding.bytes.count {
            #expect(throws: StorageError.self) {
                var decoding = CanonicalDecoding(Array(encoding.bytes.prefix(length)))
                _ = try decoding.pairs()
                _ = try decoding.integer()
            }
        }
    }
}
