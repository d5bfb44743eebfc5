import CSQLite

/// One connection to SQLite with its prepared statements. Nothing of SQLite leaves this file and
/// its extensions.
// Sendable by discipline: one thread uses it at a time, the writer's or whoever took it out of the
// pool of readers.
@safe final class Connection: @unchecked Sendable {
    /// The open connection; nil once closed.
    private(set) var handle: OpaquePointer?
    private var cache = StatementCache()
    /// The first error since `forgetFailures` that ends more than one command.
    private(set) var severeFailure: StorageError?
    /// How many frames the write-ahead log had after the last commit of this connection.
    private let framesInLog: UnsafeMutablePointer<Int32>
    /// When a read has to end, in nanoseconds of the monotonic clock; 0 for never.
    private let readDeadline: UnsafeMutablePointer<UInt64>

    /// Opens the file, which has to be there.
    /// - Parameter busyTimeoutMilliseconds: how long a statement or checkpoint waits for others.
    init(path: String, busyTimeoutMilliseconds: Int32 = 5_000) throws(StorageError) {
        unsafe framesInLog = .allocate(capacity: 1)
        unsafe framesInLog.initialize(to: 0)
        unsafe readDeadline = .allocate(capacity: 1)
        unsafe readDeadline.initialize(to: 0)
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK else {
            let error = failure(code, "opening \(path)")
            close()
            throw error
        }
        _ = unsafe sqlite3_busy_timeout(handle, busyTimeoutMilliseconds)
        _ = unsafe sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 64 << 20)
        _ = unsafe sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, 256 << 10)
        _ = unsafe sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
    }

    deinit {
        close()
        unsafe framesInLog.deallocate()
        unsafe readDeadline.deallocate()
    }

    /// Ends the connection. Only SQLite's own tidying may fail here; what matters was checked
    /// before.
    func close() {
        cache.removeAll()
        if unsafe handle != nil {
            _ = unsafe sqlite3_close_v2(handle)
            unsafe handle = nil
        }
    }

    // MARK: statements

    /// Takes the prepared one, or prepares and keeps it.
    func prepared(_ sql: String) throws(StorageError) -> PreparedStatement {
        if let found = cache.take(sql) { return found }
        let statement = try prepareOnce(sql)
        cache.keep(statement, for: sql)
        return statement
    }

    /// Prepares a statement that is not kept.
    func prepareOnce(_ sql: String) throws(StorageError) -> PreparedStatement {
        var statement: OpaquePointer?
        var isAlone = true
        var sql = sql
        let code = sql.withUTF8 { bytes -> Int32 in
            unsafe bytes.withMemoryRebound(to: CChar.self) { text -> Int32 in
                var tail: UnsafePointer<CChar>?
                let code = unsafe sqlite3_prepare_v3(
                    handle, text.baseAddress, Int32(clamping: text.count),
                    UInt32(SQLITE_PREPARE_PERSISTENT), &statement, &tail)
                if let tail = unsafe tail, let start = text.baseAddress {
                    isAlone = unsafe text[(tail - start)...].allSatisfy { isBlank($0) }
                }
                return code
            }
        }
        guard code == SQLITE_OK else { throw failure(code, "preparing a statement") }
        guard let made = unsafe statement else {
            throw StorageError(.statement, "an empty statement")
        }
        let result = unsafe PreparedStatement(made)
        guard isAlone else { throw StorageError(.statement, "more than one statement in one text") }
        return result
    }

    /// Runs a statement of Storage's own to its end and ignores its rows.
    func run(_ sql: String, _ arguments: [Value] = []) throws(StorageError) {
        _ = try rows(prepared(sql), arguments, limit: 0)
    }

    /// Runs a statement that takes no argument and is used once: pragmas and schemas, whose rows do
    /// not matter.
    func runOnce(_ sql: String) throws(StorageError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, "running a statement") }
    }

    /// The first row of a statement of Storage's own.
    func row(_ sql: String, _ arguments: [Value] = []) throws(StorageError) -> Row? {
        try rows(prepared(sql), arguments, limit: 1).first
    }

    /// At most `limit` rows; with 0 the statement runs to its end all the same.
    func rows(
        _ statement: PreparedStatement, _ arguments: [Value], limit: Int
    ) throws(StorageError) -> [Row] {
        defer { statement.reset() }
        try statement.bind(arguments)
        var rows: [Row] = []
        while true {
            let code = statement.step()
            switch code {
            case SQLITE_ROW:
                guard limit > 0 else { continue }
                rows.append(try statement.row())
                if rows.count == limit { return rows }
            case SQLITE_DONE:
                return rows
            default:
                throw failure(code, "running a statement")
            }
        }
    }

    /// Rows that the last statement changed, by itself.
    var changes: Int64 { unsafe sqlite3_changes64(handle) }

    /// Whether a transaction is open. SQLite ends one by itself after some errors.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Whether rows refer to missing ones under a constraint that is checked at COMMIT only.
    var owesForeignKeys: Bool {
        var current: Int32 = 0
        var highest: Int32 = 0
        let code = unsafe sqlite3_db_status(
            handle, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0)
        return code == SQLITE_OK && current != 0
    }

    // MARK: failures

    func forgetFailures() { severeFailure = nil }

    /// The error of a result code, with SQLite's text, which names columns and constraints and no
    /// values.
    func failure(_ code: Int32, _ doing: String) -> StorageError {
        let text = unsafe handle.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "no memory"
        let kind: StorageError.Code =
            switch code & 0xff {
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_FULL: .notApplied(.diskFull)
            case SQLITE_NOMEM: .notApplied(.outOfMemory)
            case SQLITE_INTERRUPT: .notApplied(.interrupted)
            case SQLITE_NOTADB: .notADatabase
            case SQLITE_CORRUPT: .damaged
            case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY: .unwritable
            case SQLITE_IOERR, SQLITE_BUSY, SQLITE_PROTOCOL: .io
            case SQLITE_TOOBIG: .argument
            default: .statement
            }
        let error = StorageError(kind, "\(doing): \(text)", resultCode: code)
        if severeFailure == nil, error.severity > .request { severeFailure = error }
        return error
    }

    // MARK: the write-ahead log

    /// Counts the log's frames after each commit from now on.
    func countFrames() {
        _ = unsafe sqlite3_wal_hook(
            handle,
            { context, _, _, frames in
                unsafe context?.assumingMemoryBound(to: Int32.self).pointee = frames
                return SQLITE_OK
            }, framesInLog)
    }

    /// Frames in the log after this connection's last commit.
    var frames: Int {
        get { Int(unsafe framesInLog.pointee) }
        set { unsafe framesInLog.pointee = Int32(clamping: newValue) }
    }

    /// How a checkpoint treats readers.
    enum Checkpoint {
        /// Copies what no reader needs; waits for nobody.
        case passive
        /// Waits for readers, so that the log begins anew.
        case restart
        /// As `restart`, and empties the file.
        case truncate
    }

    /// Copies the log into the database. True when all of it was copied, false when readers were in
    /// the way.
    func checkpoint(_ kind: Checkpoint) throws(StorageError) -> Bool {
        let mode =
            switch kind {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        var inLog: Int32 = 0
        var copied: Int32 = 0
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, "main", mode, &inLog, &copied)
        if code == SQLITE_BUSY, kind != .passive { return false }
        guard code == SQLITE_OK else { throw failure(code, "checkpoint") }
        if inLog == copied { frames = 0 }
        return inLog == copied
    }

    /// Copies the whole database, as it stands at one moment, over that of another connection.
    func copyAll(to target: Connection) throws(StorageError) {
        guard
            let copy = unsafe sqlite3_backup_init(target.handle, "main", handle, "main")
        else {
            throw target.failure(
                unsafe sqlite3_extended_errcode(target.handle), "beginning a copy")
        }
        let step = unsafe sqlite3_backup_step(copy, -1)
        let end = unsafe sqlite3_backup_finish(copy)
        guard step == SQLITE_DONE else { throw target.failure(step, "copying the database") }
        guard end == SQLITE_OK else { throw target.failure(end, "ending a copy") }
    }

    // MARK: limits of reading

    /// Lets SQLite look at the deadline while it works.
    func watchDeadline() {
        unsafe sqlite3_progress_handler(
            handle, 20_000,
            { context in
                guard
                    let deadline = unsafe context?.assumingMemoryBound(to: UInt64.self).pointee
                else { return 0 }
                return deadline != 0 && monotonicNanoseconds() > deadline ? 1 : 0
            }, readDeadline)
    }

    /// Whether the read has taken longer than it may.
    var isPastDeadline: Bool {
        let deadline = unsafe readDeadline.pointee
        return deadline != 0 && monotonicNanoseconds() > deadline
    }

    /// Reads end so many milliseconds from now; nil takes the limit away.
    func setDeadline(_ milliseconds: Int?) {
        unsafe readDeadline.pointee =
            milliseconds.map {
                monotonicNanoseconds() + UInt64($0) * 1_000_000
            } ?? 0
    }
}

private func isBlank(_ character: CChar) -> Bool {
    character == 0x20 || (0x09...0x0d).contains(character) || character == 0x3b
}

/// How far an error reaches.
enum Severity: Comparable {
    /// This command only.
    case request
    /// The group: SQLite may have undone it; nothing of it is stored.
    case group
    /// The process: what is stored is not known, or not to be trusted.
    case process
}

extension StorageError {
    /// SQLite found that the file is not what it wrote.
    var isCorruption: Bool {
        guard let resultCode else { return false }
        return [SQLITE_CORRUPT, SQLITE_NOTADB].contains(resultCode & 0xff)
    }

    var severity: Severity {
        guard let resultCode else { return .request }
        // SQLITE_IOERR_NOMEM is a lack of memory in an I/O function.
        if resultCode == SQLITE_IOERR | (12 << 8) { return .group }
        switch resultCode & 0xff {
        case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_BUSY, SQLITE_PROTOCOL,
            SQLITE_CANTOPEN:
            return .process
        case SQLITE_FULL, SQLITE_NOMEM: return .group
        default: return .request
        }
    }
}
