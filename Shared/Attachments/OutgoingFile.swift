import Crypto

/// A stored file on its way out, piece by piece: one piece at a time is in memory.
///
/// The last piece is given only when the whole content has the file's hash, so that nobody ever has all of a damaged
/// file. One task has it; it is not safe to share.
package final class OutgoingFile {
    private let path: String
    private let sha256: [UInt8]
    private let file: Files.OldFile
    private var hash = SHA256()
    /// Bytes that were not given yet.
    private var rest: Int

    init(_ path: String, _ sha256: [UInt8]) throws(AttachmentError) {
        self.path = path
        self.sha256 = sha256
        file = try Files.OldFile(path)
        rest = file.byteCount
        guard (1...AttachmentStore.limit).contains(rest) else {
            throw .damaged("the attachment \(path) is damaged: it has \(rest) bytes")
        }
    }

    /// The next bytes; nil after the last ones.
    /// - Parameter most: at least 1; a piece is shorter only at the end.
    /// - Throws: ``AttachmentError`` when the file cannot be read, or its content has changed.
    package func next(atMost most: Int) throws(AttachmentError) -> [UInt8]? {
        precondition(most > 0, "a piece has at least one byte")
        guard rest > 0 else { return nil }
        let bytes = try file.read(min(most, rest))
        hash.update(data: bytes)
        rest -= bytes.count
        if rest == 0, !hash.finalize().elementsEqual(sha256) {
            throw .damaged("the attachment \(path) is damaged: its content has another hash")
        }
        return bytes
    }
}
