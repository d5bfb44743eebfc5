import Glibc

extension Database {
    /// Copies a database, as it stands at one moment, into a new file, while its service goes on with commands and reads or
    /// does not run. The copy is checked as ``verify(_:savedHeads:)`` does before it gets its name, and is on the disk when this
    /// returns. It is a single file, with no log beside it.
    /// - Parameter finishing: what else belongs to a whole copy, between its moment and its name; an error leaves no copy.
    /// - Returns: what the copy holds.
    /// - Throws: `exists` when something stands at the path; `foreign`, `notADatabase`, `unwritable`; `damaged` when the copy
    ///   is not sound; `notApplied(.diskFull)`. No file is left behind then.
    package static func backUp(
        _ configuration: DatabaseConfiguration, to path: String,
        finishing: @escaping @Sendable () throws -> Void = {}
    ) async throws -> DatabaseReport {
        try await OwnThread.run {
            try DatabaseFile.prepareFolder(of: path)
            return try DatabaseFile.makeWhole(path) { part in
                try reading(configuration) { source in
                    let target = try Connection(path: part)
                    defer { target.close() }
                    // A torn copy never gets its name, so nothing need be synced on the way.
                    try target.runOnce("PRAGMA synchronous = OFF")
                    try source.copyAll(to: target)
                    guard try target.pragma("journal_mode = DELETE") == "delete" else {
                        throw StorageError(.settings, "the copy keeps its log")
                    }
                }
                var copy = configuration
                copy.path = part
                let report = try sound(copy)
                try finishing()
                return report
            }
        }
    }

    /// Checks everything that is stored in a backup, or in a database whose service goes on: structure, foreign keys, and the
    /// audit chain from its raw rows.
    /// - Parameter savedHeads: heads of the audit chain that were kept outside the database.
    /// - Throws: `foreign`, `notADatabase`, `unwritable`, when the check could not be made. Faults are no error.
    package static func verify(
        _ configuration: DatabaseConfiguration, savedHeads: [AuditHead] = []
    ) async throws -> DatabaseReport {
        try await OwnThread.run { try report(configuration, savedHeads) }
    }

    /// Reads a backup in one snapshot, without a time limit.
    /// - Throws: `foreign`, `notADatabase`, `unwritable`; what the body throws.
    package static func readBackup<Result: Sendable>(
        _ configuration: DatabaseConfiguration,
        _ body: @escaping @Sendable (any RowReader) throws -> Result
    ) async throws -> Result {
        try await OwnThread.run {
            try reading(configuration) { try ReaderPool.snapshot($0, body) }
        }
    }

    /// Makes the folder of a database or a backup when it is missing, for its owner alone.
    /// - Throws: `unwritable`.
    package static func prepareFolder(of path: String) throws(StorageError) {
        try DatabaseFile.prepareFolder(of: path)
    }

    /// Work around the placing of a restored database.
    package typealias RestoreWork =
        @Sendable (_ place: () throws -> DatabaseReport) throws -> DatabaseReport

    /// Puts a backup where a database is to be opened, and checks it as ``verify(_:savedHeads:)``
    /// does. The backup stays.
    /// - Parameter inside: what is done while nobody else can open or restore this database. It is given what puts the database
    ///   there; other parts of a whole restore come before that.
    /// - Returns: what the restored database holds: its `auditHead` is to be compared with one that
    ///   was saved outside.
    /// - Throws: `exists` when there is a database at the configuration's path; `inUse`; `foreign`,
    ///   `notADatabase`, `damaged` for a file that is no sound backup of this owner; `unwritable`.
    ///   No database is left behind then.
    package static func restore(
        _ backup: String, to configuration: DatabaseConfiguration,
        inside: @escaping RestoreWork = { place in try place() }
    ) async throws -> DatabaseReport {
        try await OwnThread.run {
            let path = configuration.path
            try DatabaseFile.prepareFolder(of: path)
            let lock = try LockFile(database: path)
            defer { withExtendedLifetime(lock) {} }
            for left in [path + "-wal", path + "-shm", backup + "-wal"]
            where DatabaseFile.exists(left) {
                throw StorageError(
                    .exists, "\(left) belongs to a database that was not closed")
            }
            return try inside {
                try DatabaseFile.makeWhole(path) { part in
                    try DatabaseFile.copy(backup, to: part)
                    var copy = configuration
                    copy.path = part
                    return try sound(copy)
                }
            }
        }
    }

    /// Lends a connection of its own, which neither writes nor makes checkpoints, to work that reads a whole database.
    private static func reading<Result>(
        _ configuration: DatabaseConfiguration, _ body: (Connection) throws -> Result
    ) throws -> Result {
        let connection = try ReaderPool.open(configuration.path)
        defer { connection.close() }
        guard try connection.pragma("application_id") == "\(configuration.applicationID)" else {
            throw StorageError(
                .foreign, "\(configuration.path) is no database of \(configuration.owner)")
        }
        return try body(connection)
    }

    private static func report(
        _ configuration: DatabaseConfiguration, _ savedHeads: [AuditHead] = []
    ) throws -> DatabaseReport {
        try reading(configuration) { connection in
            try connection.run("BEGIN")
            return try Verification(connection: connection).report(savedHeads: savedHeads)
        }
    }

    private static func sound(_ configuration: DatabaseConfiguration) throws -> DatabaseReport {
        let report = try report(configuration)
        if let fault = report.faults.first {
            throw StorageError(.damaged, "the copy is not sound: \(fault)")
        }
        return report
    }
}

extension DatabaseFile {
    /// Whether something stands at the path.
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Makes a file under another name and gives it its own once it is whole and on the disk.
    static func makeWhole<Result>(
        _ path: String, _ fill: (_ part: String) throws -> Result
    ) throws -> Result {
        guard !exists(path) else { throw StorageError(.exists, "\(path) exists") }
        let part = path + ".part"
        // One that was left by a process that died.
        remove(part)
        guard try create(part) else { throw StorageError(.exists, "\(part) exists") }
        defer { remove(part) }
        let result = try fill(part)
        try sync(file: part)
        // Unlike a rename this never replaces a file that came in between.
        guard unsafe link(part, path) == 0 else {
            guard errno == EEXIST else { throw unwritable("\(path) cannot be made", errno) }
            throw StorageError(.exists, "\(path) exists")
        }
        try sync(folder: folder(of: path))
        return result
    }

    /// Copies the bytes of one file to another that is there and empty.
    static func copy(_ source: String, to target: String) throws(StorageError) {
        let from = unsafe open(source, O_RDONLY | O_CLOEXEC)
        guard from >= 0 else { throw unwritable("\(source) cannot be opened", errno) }
        defer { Glibc.close(from) }
        let to = unsafe open(target, O_WRONLY | O_CLOEXEC)
        guard to >= 0 else { throw unwritable("\(target) cannot be opened", errno) }
        defer { Glibc.close(to) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe read(from, &buffer, buffer.count)
            if count == 0 { return }
            guard count > 0 else {
                throw StorageError(.io, "\(source) cannot be read: \(reason(errno))")
            }
            guard unsafe write(to, buffer, count) == count else {
                let isFull = errno == ENOSPC
                throw isFull ? .notApplied(.diskFull) : unwritable("\(target) is incomplete", errno)
            }
        }
    }

    private static func remove(_ path: String) {
        for name in [path, path + "-wal", path + "-shm", path + "-journal"] {
            _ = unsafe unlink(name)
        }
    }
}
