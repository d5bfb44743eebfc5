import Glibc

/// The files of a database: folder, lock, the file itself with its rights.
enum DatabaseFile {
    /// Makes the folder when it is missing (0700, synced) and checks that it can be written.
    static func prepareFolder(of path: String) throws(StorageError) {
        let folder = Self.folder(of: path)
        if unsafe access(folder, F_OK) != 0 {
            let above = Self.folder(of: folder)
            if above != folder { try prepareFolder(of: folder) }
            guard unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw unwritable("the folder \(folder) cannot be made", errno)
            }
            try sync(folder: above)
        }
        guard unsafe access(folder, W_OK | X_OK) == 0 else {
            throw unwritable("the folder \(folder) cannot be written", errno)
        }
    }

    /// Makes an empty file that only its owner may read. False when something stands there.
    static func create(_ path: String) throws(StorageError) -> Bool {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return false }
            throw unwritable("\(path) cannot be made", errno)
        }
        Glibc.close(descriptor)
        try sync(folder: folder(of: path))
        return true
    }

    /// Makes the file, or takes the rights of others away from the one that is there and ours.
    /// Returns the application id in its header; 0 for a file that was never finished.
    static func prepareFile(
        _ path: String, applicationID: Int32
    ) throws(StorageError) -> Int32 {
        if try create(path) { return 0 }
        // Looks before SQLite touches a file that may be somebody else's.
        let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable("\(path) cannot be opened", errno) }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StorageError(.notADatabase, "\(path) is no file")
        }
        let id = status.st_size > 0 ? try self.applicationID(descriptor, path) : 0
        if id == applicationID || status.st_size == 0, status.st_mode & 0o077 != 0,
            fchmod(descriptor, 0o600) != 0
        {
            throw unwritable("the rights of \(path) cannot be narrowed to its owner", errno)
        }
        return id
    }

    /// The application id in the header of a file.
    private static func applicationID(
        _ descriptor: Int32, _ path: String
    ) throws(StorageError) -> Int32 {
        let header = unsafe [UInt8](unsafeUninitializedCapacity: 100) { bytes, count in
            count = unsafe max(0, pread(descriptor, bytes.baseAddress, bytes.count, 0))
        }
        guard header.count == 100, header.starts(with: "SQLite format 3\0".utf8) else {
            throw StorageError(.notADatabase, "\(path) is not an SQLite database")
        }
        let id = header[68..<72].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Int32(bitPattern: id)
    }

    /// Makes the names in a folder durable.
    static func sync(folder: String) throws(StorageError) {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable("\(folder) cannot be opened", errno) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw StorageError(.io, "\(folder) cannot be synced: \(reason(errno))")
        }
    }

    /// Makes the content of a file durable.
    static func sync(file: String) throws(StorageError) {
        let descriptor = unsafe open(file, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable("\(file) cannot be opened", errno) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw StorageError(.io, "\(file) cannot be synced: \(reason(errno))")
        }
    }

    /// Bytes that are free for this user on the file's disk; nil when the system does not say.
    static func freeBytes(at path: String) -> UInt64? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(
            by: UInt64(status.f_frsize))
        return overflow ? .max : bytes
    }

    static func folder(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    static func unwritable(_ what: String, _ number: Int32) -> StorageError {
        StorageError(.unwritable, "\(what): \(reason(number))")
    }

    static func reason(_ number: Int32) -> String {
        unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }
}

/// Keeps a second opener away from a live database, in this process or another. The system takes
/// the lock back when the process dies, however it dies.
///
/// The lock is a file beside the database, because closing any descriptor of the database itself
/// would drop SQLite's own locks.
struct LockFile: ~Copyable {
    private let descriptor: Int32

    init(database path: String) throws(StorageError) {
        let lockPath = path + ".lock"
        let descriptor = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DatabaseFile.unwritable("\(lockPath) cannot be opened", errno)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            Glibc.close(descriptor)
            guard number == EWOULDBLOCK else {
                throw DatabaseFile.unwritable("\(lockPath) cannot be locked", number)
            }
            throw StorageError(.inUse, "\(path) is in use by another process; only one may open it")
        }
        self.descriptor = descriptor
    }

    deinit {
        // A child process that is just being started shares the lock until it runs its program: closing alone
        // would leave the lock to it.
        _ = flock(descriptor, LOCK_UN)
        Glibc.close(descriptor)
    }
}
