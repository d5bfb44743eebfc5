import Dispatch
import Domain
import Foundation
import Logging
import Synchronization

@testable import Storage

/// Runs the body with a new folder that goes away afterwards.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("zhicheng-storage-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}

/// Runs the body with an open database of its own.
func withDatabase<Result>(
    _ adjust: (inout DatabaseConfiguration) -> Void = { _ in },
    _ body: (Database) async throws -> Result
) async throws -> Result {
    try await withFolder { folder in
        var configuration = testConfiguration(folder)
        adjust(&configuration)
        let database = try Database.open(configuration, migrations: testMigrations)
        defer { database.close() }
        return try await body(database)
    }
}

extension Database {
    /// Checks it while it is open.
    func verify(savedHeads: [AuditHead] = []) async throws -> DatabaseReport {
        try await Self.verify(configuration, savedHeads: savedHeads)
    }

    /// Copies it while it is open, as another process would.
    func backUp(to path: String) async throws -> DatabaseReport {
        try await Self.backUp(configuration, to: path)
    }
}

/// A database in the folder, with a clock that gives every group a time of its own.
func testConfiguration(_ folder: String, clock: any WallClock = CountingClock())
    -> DatabaseConfiguration
{
    var configuration = DatabaseConfiguration(
        path: folder + "/service.db", owner: "test-service", clock: clock)
    configuration.logger.logLevel = .critical
    return configuration
}

/// A new time at every look, and as far forward as told.
final class CountingClock: WallClock {
    private let time = Mutex<Int64>(1_650_000_000_000)

    func now() -> Timestamp {
        time.withLock { time in
            time += 1
            return Timestamp(milliseconds: time)
        }
    }

    func advance(days: Int64) { time.withLock { $0 += days * 86_400_000 } }
}

let testMigrations = [
    Migration(
        number: 1, name: "items",
        statements: [
            """
            CREATE TABLE item (
                id INTEGER NOT NULL PRIMARY KEY,
                value TEXT NOT NULL CHECK (value <> 'forbidden'),
                at INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TABLE part (
                item INTEGER NOT NULL REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED
            ) STRICT
            """,
            "CREATE TABLE bomb (id INTEGER NOT NULL PRIMARY KEY) STRICT",
            """
            CREATE TRIGGER bomb_ends_the_transaction BEFORE INSERT ON bomb
            BEGIN SELECT RAISE(ROLLBACK, 'gone'); END
            """,
        ])
]

/// A reply that is a text.
struct Text: StorableReply, Hashable, ExpressibleByStringLiteral {
    var text: String

    init(_ text: String) { self.text = text }
    init(stringLiteral value: String) { text = value }
    init(storedBytes: [UInt8]) { text = String(decoding: storedBytes, as: UTF8.self) }
    func storedBytes() -> [UInt8] { Array(text.utf8) }
}

/// A command made of closures.
struct Act: Command {
    var reading: @Sendable (any RowReader) throws -> Int64 = { _ in 0 }
    var deciding: @Sendable (_ fact: Int64, _ now: Timestamp) throws(Refusal) -> Plan<Text>

    func read(_ rows: any RowReader) throws -> Int64 { try reading(rows) }

    func decide(_ facts: Int64, at now: Timestamp) throws(Refusal) -> Plan<Text> {
        try deciding(facts, now)
    }

    /// Writes what it is told.
    static func writing(_ writes: Statement..., reply: Text = "done") -> Act {
        Act(deciding: { _, _ in Plan(writes: writes, reply: reply) })
    }

    /// Adds an item; its reply is the id.
    static func adding(_ id: Int64, value: String = "value") -> Act {
        Act(deciding: { _, now in
            Plan(writes: [insert(id, value, now)], reply: Text("\(id)"))
        })
    }

    /// Decides against it.
    static func refusing(_ refusal: Refusal) -> Act {
        Act(deciding: { _, _ throws(Refusal) in throw refusal })
    }
}

func insert(_ id: Int64, _ value: String = "value", _ now: Timestamp = Timestamp(milliseconds: 0))
    -> Statement
{
    Statement(
        "INSERT INTO item (id, value, at) VALUES (?, ?, ?)",
        [.integer(id), .text(value), .integer(now.milliseconds)])
}

extension Database {
    /// The ids of all items, in their order.
    func items() throws -> [Int64] {
        try read { rows in
            try rows.rows(Statement("SELECT id FROM item ORDER BY id"), limit: 100_000)
                .map { row in try row.integer("id") }
        }
    }

    /// How many rows a table has.
    func count(_ table: String) throws -> Int64 {
        try read { rows in
            try rows.row(Statement("SELECT count(*) AS n FROM \(table)"))?.integer("n") ?? -1
        }
    }

    /// When each item was written: one time per group.
    func groupTimes() throws -> [Int64] {
        try read { rows in
            try rows.rows(Statement("SELECT at FROM item ORDER BY id"), limit: 100_000)
                .map { row in try row.integer("at") }
        }
    }

    /// Returns once so many commands wait for the writer.
    func waits(for count: Int) async {
        while writer.waiting < count { await Task.yield() }
    }
}

/// Holds the writer's thread within a command until it is opened.
final class Gate: Sendable {
    private let entered = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)
    private let hasEntered = Mutex(false)

    /// The command that stops at the gate.
    var command: Act {
        Act(
            reading: { [self] _ in
                hasEntered.withLock { $0 = true }
                opened.wait()
                return 0
            },
            deciding: { _, _ in Plan(reply: "through") })
    }

    /// Returns once the writer's thread stands at the gate.
    func isReached() async {
        while !hasEntered.withLock({ $0 }) { await Task.yield() }
    }

    func open() { opened.signal() }
}

/// Counts from several tasks.
final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }

    /// Adds one; the count before.
    @discardableResult
    func add() -> Int {
        value.withLock { value in
            defer { value += 1 }
            return value
        }
    }
}

/// What `fatal` was told.
final class Deaths: Sendable {
    private let errors = Mutex<[StorageError]>([])
    var all: [StorageError] { errors.withLock { $0 } }
    func note(_ error: StorageError) { errors.withLock { $0.append(error) } }
}

/// Runs blocking work beside the tasks' threads.
func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// The error's code; nil for what is no error of Storage.
func code(of error: (any Error)?) -> StorageError.Code? { (error as? StorageError)?.code }
