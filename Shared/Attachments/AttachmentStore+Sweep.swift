import Synchronization

extension AttachmentStore {
    /// Removes files that no row refers to: those of uploads whose row was never written.
    /// - Parameters:
    ///   - grace: younger files stay, as their row may be about to be written.
    ///   - isReferred: whether a row refers to the file with that hash; called with a lock held
    ///     that holds up uploads.
    /// - Returns: how many files were removed.
    /// - Throws: ``AttachmentError`` when a folder cannot be read, and what `isReferred` throws.
    package func sweep(
        grace: Duration, keeping isReferred: ([UInt8]) throws -> Bool
    ) throws -> Int {
        var removed = 0
        for folder in try Files.names(in: directory) where folder.utf8.count == 2 {
            for name in try Files.names(in: directory + "/" + folder) {
                let path = directory + "/" + folder + "/" + name
                guard let hash = Files.hash(named: name) else { continue }
                // Age, row and removal under one lock: an upload of the same content in between
                // makes the file young again.
                let isRemoved = try names.withLock { _ in
                    guard let age = Files.age(path), age > grace else { return false }
                    if try isReferred(hash) { return false }
                    return Files.remove(path)
                }
                if isRemoved { removed += 1 }
            }
        }
        return removed
    }
}
