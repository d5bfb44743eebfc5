import Glibc

/// The file system, as far as attachments need it.
enum Files {
    /// Begins the names of files that are being written.
    static let temporaryPrefix = "new-"

    /// Makes a folder with mode 0700, unless it is there.
    static func makeFolder(_ path: String) throws(AttachmentError) {
        guard unsafe mkdir(path, 0o700) != 0 else { return }
        guard errno == EEXIST, unsafe access(path, W_OK | X_OK) == 0 else {
            throw failed("the folder", path, "be made or written")
        }
    }

    /// Makes the names in a folder durable.
    static func syncFolder(_ path: String) throws(AttachmentError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("the folder", path, "be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failed("the folder", path, "be synced") }
    }

    /// Writes a new file, durable but for its name; leaves none behind when it fails.
    static func write(_ bytes: [UInt8], to path: String) throws(AttachmentError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failed("the attachment", path, "be made") }
        defer { close(descriptor) }
        do throws(AttachmentError) {
            var written = 0
            while written < bytes.count {
                let count = unsafe bytes.withUnsafeBytes { buffer in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                    return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                }
                guard count > 0 || (count < 0 && errno == EINTR) else {
                    throw failed("the attachment", path, "be written")
                }
                written += max(count, 0)
            }
            guard fsync(descriptor) == 0 else { throw failed("the attachment", path, "be synced") }
        } catch {
            _ = remove(path)
            throw error
        }
    }

    /// Gives a written file its name, in place of what had it; the file goes when that fails.
    static func rename(_ path: String, to name: String) throws(AttachmentError) {
        guard unsafe Glibc.rename(path, name) == 0 else {
            let error = failed("the attachment", name, "get its name")
            _ = remove(path)
            throw error
        }
    }

    /// The content of a file.
    static func read(_ path: String, atMost limit: Int) throws(AttachmentError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("the attachment", path, "be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_size <= limit else {
            throw .broken("the attachment \(path) is damaged: more than \(limit) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
            }
            guard count > 0 || (count < 0 && errno == EINTR) else {
                throw failed("the attachment", path, "be read")
            }
            filled += max(count, 0)
        }
        return bytes
    }

    /// Whether the file was there and is gone.
    static func remove(_ path: String) -> Bool {
        unsafe unlink(path) == 0
    }

    /// How long ago the file was written, by the machine's clock; nil when there is none.
    static func age(_ path: String) -> Duration? {
        var status = stat()
        var now = timespec()
        guard unsafe lstat(path, &status) == 0, unsafe clock_gettime(CLOCK_REALTIME, &now) == 0
        else { return nil }
        return .seconds(now.tv_sec - status.st_mtim.tv_sec)
            + .nanoseconds(now.tv_nsec - status.st_mtim.tv_nsec)
    }

    /// The names in a folder, without "." and "..".
    static func names(in folder: String) throws(AttachmentError) -> [String] {
        guard let stream = unsafe opendir(folder) else {
            throw failed("the folder", folder, "be read")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The folder that a path is in.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A name that nobody else makes: 16 hexadecimal digits.
    static func randomName() -> String {
        hexText((0..<8).map { _ in UInt8.random(in: .min ... .max) })
    }

    /// Two lower-case hexadecimal digits per byte.
    static func hexText(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The hash that is a file's name; nil for another name.
    static func hexBytes(_ name: String) -> [UInt8]? {
        let digits = Array(name.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[start..<start + 2], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return hexText(bytes) == name ? bytes : nil
    }

    private static func failed(_ what: String, _ path: String, _ verb: String) -> AttachmentError {
        let reason = unsafe String(cString: strerror(errno))
        return .broken("\(what) \(path) cannot \(verb): \(reason)")
    }
}
