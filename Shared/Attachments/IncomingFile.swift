import Crypto

/// A file on its way into the store, piece by piece: nothing of it is kept in memory. What was written goes away with
/// the value, unless it was finished.
///
/// One task has it; it is not safe to share.
package final class IncomingFile {
    private let store: AttachmentStore
    private let kind: AttachmentKind
    private let file: Files.NewFile
    private var hash = SHA256()
    /// The first bytes, until there are enough to tell the kind by.
    private var head: [UInt8] = []
    /// How many bytes were taken: at most ``AttachmentStore/limit``.
    package private(set) var byteCount = 0

    init(_ store: AttachmentStore, _ kind: AttachmentKind) throws(AttachmentError) {
        self.store = store
        self.kind = kind
        file = try Files.NewFile(in: store.directory)
    }

    /// Takes the next bytes, after they were checked: no byte over the limit is written, and none of a file that begins
    /// as files of its kind do not.
    /// - Throws: ``AttachmentError``: a fault of the uploader, or the disk's. The file is of no use then.
    package func append(_ bytes: [UInt8]) throws(AttachmentError) {
        precondition(!file.isNamed, "a finished file takes no bytes")
        guard bytes.count <= AttachmentStore.limit - byteCount else {
            throw .fault(
                "文件最大 \(AttachmentStore.limit) 字节，所选文件至少有 \(byteCount + bytes.count) 字节")
        }
        let missing = kind.magic.count - head.count
        if missing > 0 {
            head += bytes.prefix(missing)
            guard kind.magic.starts(with: head) else { throw wrongKind }
        }
        try file.write(bytes)
        hash.update(data: bytes)
        byteCount += bytes.count
    }

    /// All bytes are there: when it returns, file and name are on the disk.
    /// - Throws: ``AttachmentError``; a file without content, or shorter than what its kind begins with, is a fault.
    package func finish() throws(AttachmentError) -> StoredFile {
        precondition(!file.isNamed, "a file is finished once")
        guard byteCount > 0 else { throw .fault("文件没有内容") }
        guard head.count == kind.magic.count else { throw wrongKind }
        try file.sync()
        let sha256 = Array(hash.finalize())
        try store.name(file, sha256)
        return StoredFile(kind: kind, byteCount: byteCount, sha256: sha256)
    }

    private var wrongKind: AttachmentError { .fault("文件内容与扩展名 \(kind.rawValue) 不符") }
}
