import Crypto
import Domain

/// One step of a database's schema. Applied once, in order, each in a transaction; never edited
/// once released.
package struct Migration: Sendable {
    /// 1, 2, 3 … without a gap.
    package let number: Int
    /// For people; it may be reworded.
    package let name: String
    /// In this order. What identifies the migration, with its number.
    package let statements: [String]

    package init(number: Int, name: String, statements: [String]) {
        self.number = number
        self.name = name
        self.statements = statements
    }

    var checksum: [UInt8] {
        var encoding = CanonicalEncoding()
        encoding.append(Int64(number))
        for statement in statements { encoding.append(statement) }
        return Array(SHA256.hash(data: encoding.bytes))
    }
}

/// Brings a database to the program's schema.
struct Migrator {
    let connection: Connection
    let migrations: [Migration]

    /// All that the program knows, in their order: Storage's own first.
    init(_ connection: Connection, _ migrations: [Migration]) {
        self.connection = connection
        let ordered = migrations.sorted { $0.number < $1.number }
        precondition(
            ordered.map(\.number) == Array(1..<(1 + ordered.count)),
            "migrations are numbered 1, 2, 3 … without a gap")
        self.migrations = Migration.own + ordered
    }

    /// Applies what is missing after checking what is there. Returns the last number.
    func migrate(at now: Timestamp) throws(StorageError) -> Int {
        var applied = try appliedChecksums()
        let missing = migrations.filter { applied[$0.number] == nil }
        for migration in migrations {
            guard let checksum = applied.removeValue(forKey: migration.number) else { continue }
            guard migration.checksum == checksum else {
                throw StorageError(
                    .migrationChanged,
                    """
                    migration \(migration.number) (\(migration.name)) is not the one applied \
                    to this database
                    """)
            }
        }
        if let unknown = applied.keys.max() {
            throw StorageError(
                .newerDatabase,
                """
                the database has migration \(unknown), this program knows \
                \(1 - Migration.own.count) to \(newest): run a newer program
                """)
        }
        // What is missing comes after all that is there, of Storage's and of the service's.
        for steps in [Migration.own, Array(migrations.dropFirst(Migration.own.count))] {
            let numbers = steps.map(\.number)
            let late = missing.map(\.number).filter(numbers.contains)
            guard numbers.suffix(late.count) == late[...] else {
                throw StorageError(
                    .migrationChanged, "the database's list of migrations has a gap")
            }
        }
        for migration in missing { try apply(migration, at: now) }
        return newest
    }

    /// The last of the service's; 0 when it has none.
    private var newest: Int { migrations.count - Migration.own.count }

    private func appliedChecksums() throws(StorageError) -> [Int: [UInt8]] {
        var checksums: [Int: [UInt8]] = [:]
        let statement = try connection.prepared("SELECT number, checksum FROM migrations")
        for row in try connection.rows(statement, [], limit: 100_000) {
            checksums[Int(clamping: try row.integer("number"))] = try row.blob("checksum")
        }
        return checksums
    }

    private func apply(_ migration: Migration, at now: Timestamp) throws(StorageError) {
        do throws(StorageError) {
            try connection.run("BEGIN IMMEDIATE")
            for statement in migration.statements {
                guard SQLKeyword.migrations.contains(SQLKeyword.first(of: statement)) else {
                    throw StorageError(.statement, "a migration only makes and changes tables")
                }
                _ = try connection.rows(connection.prepareOnce(statement), [], limit: 0)
                guard connection.isInTransaction else {
                    throw StorageError(.statement, "the transaction was ended")
                }
            }
            try connection.run(
                "INSERT INTO migrations (number, name, checksum, applied) VALUES (?, ?, ?, ?)",
                [
                    .integer(Int64(migration.number)), .text(migration.name),
                    .blob(migration.checksum), .integer(now.milliseconds),
                ])
            if let row = try connection.row("PRAGMA foreign_key_check") {
                throw StorageError(
                    .constraint, "rows of \(try row.text("table")) refer to missing ones")
            }
            // Told by tools: the service's number.
            if migration.number >= 0 {
                try connection.runOnce("PRAGMA user_version = \(migration.number)")
            }
            try connection.run("COMMIT")
        } catch {
            if connection.isInTransaction { try? connection.run("ROLLBACK") }
            // What is stored is not known, or not to be trusted: no word about the migration.
            if error.severity == .process { throw error }
            throw StorageError(
                .migrationFailed,
                "migration \(migration.number) (\(migration.name)) failed: \(error.message)",
                resultCode: error.resultCode)
        }
    }
}

/// The first word of a statement: what kind it is.
enum SQLKeyword {
    static let reads: Set<String> = ["SELECT", "WITH"]
    static let writes: Set<String> = ["INSERT", "UPDATE", "DELETE", "WITH"]
    static let migrations: Set<String> = ["CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE"]

    static func first(of sql: String) -> String {
        var word = ""
        for byte in sql.utf8 {
            switch byte {
            case 0x09...0x0d, 0x20:
                if !word.isEmpty { return word }
            case 0x41...0x5a, 0x61...0x7a:
                word.unicodeScalars.append(Unicode.Scalar(byte & 0xdf))
            default:
                return word
            }
        }
        return word
    }
}
