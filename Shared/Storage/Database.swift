package import Domain
import Glibc
package import Logging
import Synchronization

/// How a database is opened.
package struct DatabaseConfiguration: Sendable {
    /// The file. Beside it stand its lock, its log and its shared memory.
    package var path: String
    /// The service that owns the database, kept in it: another service cannot open it.
    package var owner: String
    /// Gives each group of commands its time.
    package var clock: any WallClock
    package var logger = Logger(label: "storage") { StreamLogHandler.standardError(label: $0) }
    /// The most commands that wait; more are refused with `notApplied(.queueFull)`.
    package var queueLimit = 1_024
    /// The most reads at once.
    package var readerLimit = 8
    /// How long one read may take, in milliseconds.
    package var readLimitMilliseconds = 1_000
    /// Writes are refused with `notApplied(.diskFull)` while fewer bytes are free on the disk.
    package var reserveBytes: UInt64 = 32 << 20
    /// The most pages of the database; nil for SQLite's own limit. A full database is like a full
    /// disk.
    package var pageLimit: Int?
    /// Ends the process when what is stored is not known any more. Tests let it return: then
    /// nothing is accepted any more.
    package var fatal: @Sendable (StorageError) -> Void = { error in
        Self.abort(error)
    }

    package init(path: String, owner: String, clock: any WallClock) {
        self.path = path
        self.owner = owner
        self.clock = clock
    }

    /// A line on standard error, no core file (it would hold personal data), and the end.
    private static func abort(_ error: StorageError) {
        let line = Array("storage: \(error); the process ends\n".utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = signal(SIGABRT, SIG_DFL)
        Glibc.abort()
    }

    /// The application id of the owner's databases: FNV-1a of its name, never 0.
    var applicationID: Int32 {
        var hash: UInt32 = 2_166_136_261
        for byte in "zhicheng:\(owner)".utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int32(bitPattern: hash | 1)
    }
}

/// A service's database: commands through the one writer, reads beside it.
package final class Database: Sendable {
    /// The number of the last applied migration.
    package let migrationVersion: Int

    let configuration: DatabaseConfiguration
    let writer: Writer
    let readers: ReaderPool
    let signal: OutboxSignal
    private let lock: Mutex<Lock>

    private struct Lock: ~Copyable {
        var file: LockFile?
    }

    /// Opens the database, makes it when there is none, and applies the migrations that it lacks.
    /// - Throws: `inUse`, `notADatabase`, `foreign`, `unwritable`, `newerDatabase`,
    ///   `migrationChanged`, `migrationFailed`, `settings`, `damaged`.
    package static func open(
        _ configuration: DatabaseConfiguration, migrations: [Migration]
    ) throws(StorageError) -> Database {
        try Database(configuration, migrations)
    }

    private init(
        _ configuration: DatabaseConfiguration, _ migrations: [Migration]
    ) throws(StorageError) {
        self.configuration = configuration
        try DatabaseFile.prepareFolder(of: configuration.path)
        let file = try LockFile(database: configuration.path)
        let (connection, version) = try Self.openWriter(configuration, migrations)
        migrationVersion = version
        readers = try ReaderPool(
            path: configuration.path, limit: configuration.readerLimit,
            readLimitMilliseconds: configuration.readLimitMilliseconds)
        let signal = OutboxSignal()
        self.signal = signal
        writer = try Writer(connection, configuration: configuration) {
            signal.send()
        }
        lock = Mutex(Lock(file: file))
    }

    deinit { close() }

    private static func openWriter(
        _ configuration: DatabaseConfiguration, _ migrations: [Migration]
    ) throws(StorageError) -> (Connection, Int) {
        let path = configuration.path
        let id = try DatabaseFile.prepareFile(path, applicationID: configuration.applicationID)
        guard id == 0 || id == configuration.applicationID else {
            throw StorageError(
                .foreign, "\(path) is not a database of \(configuration.owner)")
        }
        // It waits for readers only, and only to let the log begin anew.
        let connection = try Connection(
            path: path,
            busyTimeoutMilliseconds: Int32(clamping: configuration.readLimitMilliseconds + 500))
        // SQLite's own checkpoint at the end would hide its errors, and touch a foreign file.
        try connection.setNoCheckpointOnClose(true)
        try Ownership(connection, configuration).establish()
        let version = try Migrator(connection, migrations).migrate(at: configuration.clock.now())
        // The header has to name the owner, not only the log.
        _ = try connection.checkpoint(.truncate)
        try DatabaseFile.sync(folder: DatabaseFile.folder(of: path))
        if let pages = configuration.pageLimit {
            try connection.runOnce("PRAGMA max_page_count = \(pages)")
        }
        return (connection, version)
    }

    /// Runs a command in one transaction and returns its reply once that is on the disk.
    ///
    /// A cancelled task's command is taken back as long as the writer has not begun it; later its
    /// outcome is awaited.
    /// - Parameter once: makes the command happen once per key.
    /// - Throws: `Refusal`: no effect. `StorageError` with `isNotApplied`: no effect, may be
    ///   repeated. Another `StorageError`: no effect, a fault of the command. What `read` or the
    ///   reply's bytes threw: no effect.
    package func execute<C: Command>(_ command: C, once: Once? = nil) async throws -> C.Reply {
        try await writer.execute(command, once: once)
    }

    /// Reads in one snapshot on the caller's thread, beside the writer. Neither waits for the
    /// other; the read must be short (`readLimitMilliseconds`).
    /// - Throws: `notApplied(.busy)` after 5 s without a free reader; what the body throws.
    package func read<Result>(_ body: (any RowReader) throws -> Result) throws -> Result {
        do {
            return try readers.read(body)
        } catch let error as StorageError where error.isCorruption {
            configuration.fatal(error)
            throw error
        }
    }

    /// Ends what was accepted, makes a last checkpoint, and lets others open the database. May be
    /// called again. Blocks the thread; not from within a read.
    package func close() {
        lock.withLock { lock in
            readers.close()
            writer.close()
            signal.finish()
            lock.file = nil
        }
    }
}

/// Whose database a file is.
struct Ownership {
    private let connection: Connection
    private let configuration: DatabaseConfiguration

    init(_ connection: Connection, _ configuration: DatabaseConfiguration) {
        self.connection = connection
        self.configuration = configuration
    }

    /// Checks the owner, or makes an empty file the owner's. Sets the connection up for writing.
    func establish() throws(StorageError) {
        let tables: Int64
        do {
            tables =
                try connection.row("SELECT count(*) AS n FROM sqlite_schema")?.integer("n") ?? 0
        } catch {
            guard (error.resultCode ?? 0) & 0xff == 5 else { throw error }
            throw StorageError(
                .inUse, "\(configuration.path) is in use by a program that does not lock it")
        }
        let id = try connection.pragma("application_id")
        if tables == 0, id == "0" {
            try connection.configure(.writer)
            try make()
        } else {
            guard id == String(configuration.applicationID) else { throw foreign("somebody else") }
            try connection.configure(.writer)
        }
        let owner =
            try connection.row("SELECT owner FROM meta WHERE only = 1")?.text("owner") ?? "nobody"
        guard owner == configuration.owner else { throw foreign(owner) }
    }

    private func make() throws(StorageError) {
        try connection.run("BEGIN IMMEDIATE")
        for statement in Migration.foundation { try connection.runOnce(statement) }
        try connection.run(
            "INSERT INTO meta (only, owner, created) VALUES (1, ?, ?)",
            [
                .text(configuration.owner),
                .integer(configuration.clock.now().milliseconds),
            ])
        try connection.runOnce("PRAGMA application_id = \(configuration.applicationID)")
        try connection.run("COMMIT")
    }

    private func foreign(_ owner: String) -> StorageError {
        StorageError(
            .foreign,
            "\(configuration.path) is a database of \(owner), not of \(configuration.owner)")
    }
}
