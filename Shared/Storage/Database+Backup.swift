import Glibc

extension Database {
    /// Copies the database, as it stands at one moment, into a new file while commands and reads
    /// go on. The copy is checked as ``verify(savedHeads:)`` does before it gets its name, and is
    /// on the disk when this returns.
    /// - Returns: what the copy holds.
    /// - Throws: `exists` when something stands at the path; `unwritable`; `damaged` when the copy
    ///   is not sound; `notApplied(.diskFull)`. No file is left behind then.
    package func backUp(to path: String) async throws -> DatabaseReport {
        try await OwnThread.run { [readers] in
            try DatabaseFile.prepareFolder(of: path)
            return try DatabaseFile.makeWhole(path) { part in
                try readers.readLong { source in
                    let target = try Connection(path: part)
                    defer { target.close() }
                    // A torn copy never gets its name, so nothing need be synced on the way.
                    try target.runOnce("PRAGMA synchronous = OFF")
                    try source.copyAll(to: target)
                }
                return try Self.check(part)
            }
        }
    }

    /// Puts a backup where a database is to be opened, and checks it as ``verify(savedHeads:)``
    /// does. The backup stays.
    /// - Returns: what the restored database holds: its `auditHead` is to be compared with one that
    ///   was saved outside.
    /// - Throws: `exists` when there is a database at the configuration's path; `inUse`; `foreign`,
    ///   `notADatabase`, `damaged` for a file that is no sound backup of this owner; `unwritable`.
    ///   No database is left behind then.
    package static func restore(
        _ backup: String, to configuration: DatabaseConfiguration
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
            return try DatabaseFile.makeWhole(path) { part in
                try DatabaseFile.copy(backup, to: part)
                let id = try DatabaseFile.prepareFile(
                    part, applicationID: configuration.applicationID)
                guard id == configuration.applicationID else {
                    throw StorageError(
                        .foreign, "\(backup) is not a backup of \(configuration.owner)")
                }
                return try check(part)
            }
        }
    }

    /// Checks a database that nobody has open.
    private static func check(_ path: String) throws -> DatabaseReport {
        let connection = try Connection(path: path)
        defer { connection.close() }
        try connection.configure(.reader)
        try connection.run("BEGIN")
        let report = try Verification(connection: connection).report()
        try connection.run("COMMIT")
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
