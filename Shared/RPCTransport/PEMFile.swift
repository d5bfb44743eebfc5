import Glibc

/// Small files, read whole.
enum PEMFile {
    /// The most bytes of a file: a key and some certificates.
    static let limit = 64 << 10

    static func read(_ path: String, isPrivate: Bool) throws(TransportError) -> [UInt8] {
        // Without O_NONBLOCK a pipe in the file's place would hold the process up.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw TransportError(
                "\(path) cannot be opened: \(explained(errno)); `zhicheng certs` makes it")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw TransportError("\(path) is not a file")
        }
        guard !isPrivate || status.st_mode & 0o077 == 0 else {
            throw TransportError(
                "\(path) may be used by others than its owner; run: chmod 600 \(path)")
        }
        guard status.st_size <= limit else {
            throw TransportError(
                "\(path) has \(status.st_size) bytes; at most \(limit) are read")
        }
        var content = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = unsafe Glibc.read(descriptor, &content, content.count)
        guard count >= 0 else {
            throw TransportError("\(path) cannot be read: \(explained(errno))")
        }
        return Array(content.prefix(count))
    }

    private static func explained(_ code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }

    /// What tells one state of a file from another: it changes when the file is written, replaced, or may
    /// be read by others.
    struct Version: Equatable {
        private let numbers: [Int]

        /// Nil: there is no such file.
        init?(_ path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            numbers = [
                Int(status.st_dev), Int(status.st_ino), status.st_size, status.st_ctim.tv_sec,
                status.st_ctim.tv_nsec,
            ]
        }
    }
}
