import Glibc

/// A folder of attachments from outside of the service that has it: for backups, beside the running service or without it.
/// Files never change and get their names when they are whole, so what is found here may be read at any time.
package struct AttachmentFolder: Sendable {
    private let path: String

    /// - Parameter path: need not be there.
    package init(_ path: String) { self.path = path }

    /// The hashes of the stored files whose hash begins with this byte.
    /// - Throws: ``AttachmentError`` when a folder is there and cannot be read.
    package func hashes(_ first: UInt8) throws(AttachmentError) -> [[UInt8]] {
        let folder = place(of: [first]).folder
        guard Files.exists(folder) else { return [] }
        return try Files.names(in: folder).compactMap(Files.hash(named:))
    }

    /// Whether nothing is in the folder, or there is none.
    package var isEmpty: Bool {
        get throws(AttachmentError) {
            guard Files.exists(path) else { return true }
            return try Files.names(in: path).isEmpty
        }
    }

    /// Reads a whole file.
    /// - Throws: ``AttachmentError`` when it is missing, or its content has another hash.
    package func check(_ hash: [UInt8]) throws(AttachmentError) {
        let file = try OutgoingFile(place(of: hash).file, hash)
        while try file.next(atMost: 1 << 20) != nil {}
    }

    /// Gives another folder the stored files whose hash begins with this byte, as far as it lacks them: as further names of the
    /// same files on one disk, otherwise as copies. They are on the disk when this returns. What its service removes meanwhile
    /// is left out.
    /// - Returns: how many files the other folder lacked.
    /// - Throws: ``AttachmentError``, the disk's.
    package func copy(_ first: UInt8, to other: AttachmentFolder) throws(AttachmentError) -> Int {
        let known = Set(try other.hashes(first))
        let missing = try hashes(first).filter { !known.contains($0) }
        guard !missing.isEmpty else { return 0 }
        let folder = other.place(of: [first]).folder
        try Files.makeFolder(other.path)
        try Files.makeFolder(folder)
        for hash in missing {
            let (from, to) = (place(of: hash).file, other.place(of: hash).file)
            guard try !Files.link(from, to) else { continue }
            try copy(from, to: to, in: other.path)
        }
        try Files.syncFolder(folder)
        try Files.syncFolder(other.path)
        try Files.syncFolder(Files.folder(of: other.path))
        return missing.count
    }

    /// The bytes as they are: a damaged file is for ``check(_:)`` to find, and keeps nobody from a backup of the others.
    private func copy(
        _ source: String, to target: String, in folder: String
    ) throws(AttachmentError) {
        let from: Files.OldFile
        do {
            from = try Files.OldFile(source)
        } catch {
            guard Files.exists(source) else { return }
            throw error
        }
        let to = try Files.NewFile(in: folder)
        var rest = from.byteCount
        while rest > 0 {
            let bytes = try from.read(min(rest, 1 << 20))
            try to.write(bytes)
            rest -= bytes.count
        }
        try to.sync()
        try to.rename(to: target)
    }

    /// Removes the folder with its stored files, as far as it can.
    package func remove() {
        for first in UInt8.min...UInt8.max {
            for hash in (try? hashes(first)) ?? [] { _ = Files.remove(place(of: hash).file) }
            _ = unsafe rmdir(place(of: [first]).folder)
        }
        _ = unsafe rmdir(path)
    }

    private func place(of hash: [UInt8]) -> (folder: String, file: String) {
        Files.place(of: hash, in: path)
    }
}
