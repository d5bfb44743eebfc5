import Glibc

extension Files {
    /// A file that is being written, under a name of its own. It is closed with the value, and goes away unless it was
    /// given its name.
    final class NewFile {
        private(set) var isNamed = false
        private let path: String
        private let descriptor: Int32

        init(in folder: String) throws(AttachmentError) {
            let path = folder + "/" + Files.temporaryPrefix + Files.randomName()
            let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Files.failed("the attachment", path, "be made") }
            self.path = path
            self.descriptor = descriptor
        }

        deinit {
            close(descriptor)
            if !isNamed { _ = Files.remove(path) }
        }

        func write(_ bytes: [UInt8]) throws(AttachmentError) {
            var written = 0
            while written < bytes.count {
                let count = unsafe bytes.withUnsafeBytes { buffer in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                    return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                }
                guard count > 0 || (count < 0 && errno == EINTR) else {
                    throw Files.failed("the attachment", path, "be written")
                }
                written += max(count, 0)
            }
        }

        /// Makes the content durable.
        func sync() throws(AttachmentError) {
            guard fsync(descriptor) == 0 else {
                throw Files.failed("the attachment", path, "be synced")
            }
        }

        /// Gives it its name, in place of what had it.
        func rename(to name: String) throws(AttachmentError) {
            guard unsafe Glibc.rename(path, name) == 0 else {
                throw Files.failed("the attachment", name, "get its name")
            }
            isNamed = true
        }
    }

    /// A file that is read from its beginning, and closed with the value.
    final class OldFile {
        let byteCount: Int
        private let path: String
        private let descriptor: Int32

        init(_ path: String) throws(AttachmentError) {
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Files.failed("the attachment", path, "be opened") }
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0 else {
                let error = Files.failed("the attachment", path, "be read")
                close(descriptor)
                throw error
            }
            self.path = path
            self.descriptor = descriptor
            byteCount = Int(status.st_size)
        }

        deinit { close(descriptor) }

        /// The next bytes, exactly so many.
        func read(_ count: Int) throws(AttachmentError) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            var filled = 0
            while filled < count {
                let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                    return unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
                }
                guard got != 0 else {
                    throw .damaged("the attachment \(path) is damaged: it has become shorter")
                }
                guard got > 0 || errno == EINTR else {
                    throw Files.failed("the attachment", path, "be read")
                }
                filled += max(got, 0)
            }
            return bytes
        }
    }
}
