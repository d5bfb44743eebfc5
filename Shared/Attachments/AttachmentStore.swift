import Crypto
import Domain
import Synchronization

/// A file as it was stored.
package struct StoredFile: Sendable, Hashable {
    /// By extension and first bytes.
    package let kind: AttachmentKind
    /// 1 to ``AttachmentStore/limit``.
    package let byteCount: Int
    /// 32 bytes: what the file is found by.
    package let sha256: [UInt8]
}

/// Attached files of one service, in a folder beside its database: each under the hash of its
/// content, so that one content is one file. Knows no row that refers to a file.
package final class AttachmentStore: Sendable {
    /// The most bytes of a file (A6 and Q1 of functions.md).
    package static let limit = 10_485_760
    /// Characters of a file name.
    package static let nameLengths = 1...120

    /// Where work with this store's files is done: tasks that hold up nothing else while the disk is slow.
    package let executor: any TaskExecutor = DiskExecutor()

    let directory: String
    /// Held while a file gets its name, and while the sweep looks at one and removes it.
    let names = Mutex<Void>(())

    /// Makes the folder when it is missing, with mode 0700; the folder above must be there. Removes what a process that
    /// ended early left unfinished: no other process may have the folder.
    /// - Throws: ``AttachmentError`` when the folder cannot be made or written.
    package init(directory: String) throws(AttachmentError) {
        self.directory = directory
        try Files.makeFolder(directory)
        try Files.syncFolder(directory)
        try Files.syncFolder(Files.folder(of: directory))
        for name in try Files.names(in: directory) where name.hasPrefix(Files.temporaryPrefix) {
            _ = Files.remove(directory + "/" + name)
        }
    }

    /// Begins to take a file whose bytes come piece by piece.
    /// - Parameter fileName: 1 to 120 characters, no control characters, no path; its extension is one of `kinds`, and
    ///   the bytes must begin as files of that kind do. It is checked, not kept.
    /// - Throws: ``AttachmentError``: a fault of the uploader, or the disk's.
    package func incoming(
        _ fileName: String, allowing kinds: Set<AttachmentKind>
    ) throws(AttachmentError) -> IncomingFile {
        try IncomingFile(self, try Self.kind(of: fileName, kinds))
    }

    /// Checks and stores a file. When it returns, file and name are on the disk; storing it again
    /// changes nothing but its age.
    /// - Parameters:
    ///   - bytes: 1 to ``limit``.
    ///   - fileName: as of ``incoming(_:allowing:)``.
    /// - Throws: ``AttachmentError``: a fault of the uploader, or the disk's.
    package func store(
        _ bytes: [UInt8], fileName: String, allowing kinds: Set<AttachmentKind>
    ) throws(AttachmentError) -> StoredFile {
        let file = try incoming(fileName, allowing: kinds)
        try file.append(bytes)
        return try file.finish()
    }

    /// Opens a stored file, to be read piece by piece.
    /// - Parameter sha256: 32 bytes.
    /// - Throws: ``AttachmentError`` when there is no such file.
    package func outgoing(_ sha256: [UInt8]) throws(AttachmentError) -> OutgoingFile {
        guard sha256.count == SHA256.byteCount else {
            throw .broken("an attachment's hash has \(sha256.count) bytes instead of 32")
        }
        return try OutgoingFile(Files.place(of: sha256, in: directory).file, sha256)
    }

    /// Gives a written file the name that its content has, in place of a file with the same content.
    func name(_ file: Files.NewFile, _ sha256: [UInt8]) throws(AttachmentError) {
        let place = Files.place(of: sha256, in: directory)
        try Files.makeFolder(place.folder)
        try names.withLock { _ throws(AttachmentError) in
            try file.rename(to: place.file)
        }
        try Files.syncFolder(place.folder)
        // The inner folder may be new, made by this call or by one beside it.
        try Files.syncFolder(directory)
    }

    private static func kind(
        of fileName: String, _ kinds: Set<AttachmentKind>
    ) throws(AttachmentError) -> AttachmentKind {
        guard fileName.utf8.count <= 16 * nameLengths.upperBound,
            nameLengths.contains(fileName.count)
        else {
            throw .fault("文件名应为 \(nameLengths.lowerBound) 至 \(nameLengths.upperBound) 个字符")
        }
        guard !fileName.unicodeScalars.contains(where: isForbidden) else {
            throw .fault("文件名不能包含控制字符、“/”或“\\”")
        }
        let allowed = AttachmentKind.allCases.filter(kinds.contains).map(\.rawValue)
            .joined(separator: "、")
        guard let kind = AttachmentKind(fileName: fileName), kinds.contains(kind) else {
            throw .fault("只支持以下类型的文件：\(allowed)")
        }
        return kind
    }

    /// Signs that separate paths, control characters, and those that turn the direction of writing
    /// (a name with one is shown with another extension than it has).
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: scalar.properties.isBidiControl
        default: scalar == "/" || scalar == "\\"
        }
    }
}
