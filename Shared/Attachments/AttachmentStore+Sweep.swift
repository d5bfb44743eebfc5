import Domain
import Synchronization

extension AttachmentStore {
    /// Removes files that no row refers to: those of uploads whose row was never written, or is gone.
    /// - Parameters:
    ///   - first: only files whose hash begins with this byte, one of 256 parts.
    ///   - grace: younger files stay, as their row may be about to be written.
    ///   - referred: the hashes that rows refer to, at least those of this part, read before the call. A row that is written
    ///     meanwhile comes with an upload, which makes its file young.
    /// - Returns: how many files were removed.
    /// - Throws: ``AttachmentError`` when the part's folder cannot be read.
    package func sweep(
        _ first: UInt8, grace: Duration, keeping referred: Set<[UInt8]>
    ) throws(AttachmentError) -> Int {
        let part = Hexadecimal.text([first])
        // Its folder is made with the first file.
        guard try Files.names(in: directory).contains(part) else { return 0 }
        let folder = directory + "/" + part
        var removed = 0
        for name in try Files.names(in: folder) {
            let path = folder + "/" + name
            guard let hash = Files.hash(named: name), !referred.contains(hash) else { continue }
            // Age and removal under one lock: an upload of the same content in between makes the file young again.
            let isRemoved = names.withLock { _ in
                guard let age = Files.age(path), age > grace else { return false }
                return Files.remove(path)
            }
            if isRemoved { removed += 1 }
        }
        return removed
    }
}
