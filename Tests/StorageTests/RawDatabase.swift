import CSQLite
import Foundation

/// A database without any of Storage's care, to spoil and to look at files.
final class RawDatabase {
    struct Failure: Error {
        let code: Int32
        let message: String
    }

    private var handle: OpaquePointer?

    init(_ path: String) throws {
        let code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
        guard code == SQLITE_OK else { throw Failure(code: code, message: "open") }
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs statements; the first column of the first row, as text.
    @discardableResult
    func run(_ sql: String) throws -> String? {
        var found: String?
        let code = withUnsafeMutablePointer(to: &found) { found in
            sqlite3_exec(
                handle, sql,
                { context, count, values, _ in
                    guard let found = context?.assumingMemoryBound(to: String?.self) else {
                        return 0
                    }
                    if found.pointee == nil, count > 0, let value = values?[0] {
                        found.pointee = String(cString: value)
                    }
                    return 0
                }, found, nil)
        }
        guard code == SQLITE_OK else {
            throw Failure(code: code, message: String(cString: sqlite3_errmsg(handle)))
        }
        return found
    }

    /// Opens the file, runs statements, and closes it.
    @discardableResult
    static func run(_ path: String, _ sql: String) throws -> String? {
        try RawDatabase(path).run(sql)
    }
}

/// Overwrites bytes of a file in place.
func overwrite(_ path: String, at offset: UInt64, with bytes: [UInt8]) throws {
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try file.seek(toOffset: offset)
    try file.write(contentsOf: bytes)
    try file.close()
}

/// The permission bits of a file.
func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}
