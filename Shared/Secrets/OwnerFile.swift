import Domain
import Glibc

/// Files that nobody but their owner may read.
enum OwnerFile {
    /// The most bytes of a file.
    static let limit = 4_096

    /// The words of each line that is neither empty nor a comment (#).
    static func lines(_ path: String) throws(KeyFileError) -> [[Substring]] {
        let text = String(decoding: try bytes(path), as: UTF8.self)
        return text.split(separator: "\n").map { $0.split(separator: " ") }
            .filter { words in words.first.map { !$0.hasPrefix("#") } ?? false }
    }

    private static func bytes(_ path: String) throws(KeyFileError) -> [UInt8] {
        // Without O_NONBLOCK a pipe in the file's place would hold the service up.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .failed("opened", path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .failed("opened", path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw KeyFileError("\(path) is not a file; give the path of a key file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw KeyFileError(
                "key file \(path) may be used by others than its owner; run: chmod 600 \(path)")
        }
        guard status.st_size <= limit else {
            throw KeyFileError(
                "\(path) is no key file: it has \(status.st_size) bytes, at most \(limit) are read")
        }
        var content = [UInt8](repeating: 0, count: limit)
        let count = unsafe read(descriptor, &content, limit)
        guard count >= 0 else { throw .failed("read", path, errno) }
        return Array(content.prefix(count))
    }

    /// Writes a new file beside the path, then gives it its name: never over another file.
    static func create(_ path: String, _ text: String) throws(KeyFileError) {
        let temporary = "\(path).\(Hexadecimal.text(randomBytes(8))).new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed("made", path, errno) }
        defer {
            close(descriptor)
            _ = unsafe unlink(temporary)
        }
        let bytes = Array(text.utf8)
        // A few hundred bytes: a short write is a full disk.
        guard unsafe write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0
        else { throw .failed("written", path, errno) }
        guard unsafe link(temporary, path) == 0 else {
            guard errno == EEXIST else { throw .failed("made", path, errno) }
            throw KeyFileError(
                "key file \(path) is there already and is never replaced; what it sealed could not"
                    + " be opened again")
        }
        try syncFolder(of: path)
    }

    private static func syncFolder(of path: String) throws(KeyFileError) {
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        let descriptor = unsafe open(String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed("synced", path, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .failed("synced", path, errno) }
    }
}
