import Domain
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

    /// Where the file with that hash is, below a store's folder.
    static func place(of hash: [UInt8], in folder: String) -> (folder: String, file: String) {
        let name = Hexadecimal.text(hash)
        let folder = folder + "/" + name.prefix(2)
        return (folder, folder + "/" + name)
    }

    /// Whether something stands at the path.
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Gives a file a further name; true when something has that name already. False where the file system cannot, or the
    /// file is gone.
    static func link(_ path: String, _ name: String) throws(AttachmentError) -> Bool {
        guard unsafe Glibc.link(path, name) != 0 else { return true }
        switch errno {
        case EEXIST: return true
        case EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS, ENOENT: return false
        default: throw failed("the attachment", name, "be made")
        }
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

    /// The folder that a path is in, however many slashes end it.
    static func folder(of path: String) -> String {
        var path = path[...]
        while path.count > 1, path.last == "/" { path.removeLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A name that nobody else makes: 16 hexadecimal digits.
    static func randomName() -> String {
        Hexadecimal.text((0..<8).map { _ in UInt8.random(in: .min ... .max) })
    }

    /// The hash that is a file's name; nil for another name.
    static func hash(named name: String) -> [UInt8]? {
        guard let bytes = Hexadecimal.bytes(name), bytes.count == 32,
            Hexadecimal.text(bytes) == name
        else { return nil }
        return bytes
    }

    /// What the system said about the last call that failed.
    static func failed(_ what: String, _ path: String, _ verb: String) -> AttachmentError {
        let reason = unsafe String(cString: strerror(errno))
        return .broken("\(what) \(path) cannot \(verb): \(reason)")
    }
}
