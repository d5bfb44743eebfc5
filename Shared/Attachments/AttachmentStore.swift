import Crypto
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

    let directory: String
    /// Held while a file gets its name, and while the sweep looks at one and removes it.
    let names = Mutex<Void>(())

    /// Makes the folder when it is missing, with mode 0700; the folder above must be there.
    /// - Throws: ``AttachmentError`` when the folder cannot be made or written.
    package init(directory: String) throws(AttachmentError) {
        self.directory = directory
        try Files.makeFolder(directory)
        try Files.syncFolder(directory)
        try Files.syncFolder(Files.folder(of: directory))
    }

    /// Checks and stores a file. When it returns, file and name are on the disk; storing it again
    /// changes nothing but its age.
    /// - Parameters:
    ///   - bytes: 1 to ``limit``.
    ///   - fileName: 1 to 120 characters, no control characters, no path; its extension is one of
    ///     `kinds`, and the bytes begin as files of that kind do. It is checked, not kept.
    /// - Throws: ``AttachmentError``: a fault of the uploader, or the disk's.
    package func store(
        _ bytes: [UInt8], fileName: String, allowing kinds: Set<AttachmentKind>
    ) throws(AttachmentError) -> StoredFile {
        let kind = try Self.check(bytes, fileName, kinds)
        let hash = Array(SHA256.hash(data: bytes))
        let place = place(of: hash)
        try Files.makeFolder(place.folder)
        let temporary = place.folder + "/" + Files.temporaryPrefix + Files.randomName()
        try Files.write(bytes, to: temporary)
        try names.withLock { _ throws(AttachmentError) in
            try Files.rename(temporary, to: place.file)
        }
        try Files.syncFolder(place.folder)
        // The inner folder may be new, made by this call or by one beside it.
        try Files.syncFolder(directory)
        return StoredFile(kind: kind, byteCount: bytes.count, sha256: hash)
    }

    /// The bytes of a stored file.
    /// - Parameter sha256: 32 bytes.
    /// - Throws: ``AttachmentError`` when there is no such file, or its content has changed.
    package func read(_ sha256: [UInt8]) throws(AttachmentError) -> [UInt8] {
        guard sha256.count == SHA256.byteCount else {
            throw .broken("an attachment's hash has \(sha256.count) bytes instead of 32")
        }
        let path = place(of: sha256).file
        let bytes = try Files.read(path, atMost: Self.limit)
        guard SHA256.hash(data: bytes).elementsEqual(sha256) else {
            throw .broken("the attachment \(path) is damaged: its content has another hash")
        }
        return bytes
    }

    private func place(of hash: [UInt8]) -> (folder: String, file: String) {
        let name = Files.hexText(hash)
        let folder = directory + "/" + name.prefix(2)
        return (folder, folder + "/" + name)
    }

    private static func check(
        _ bytes: [UInt8], _ fileName: String, _ kinds: Set<AttachmentKind>
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
        guard !bytes.isEmpty else { throw .fault("文件没有内容") }
        guard bytes.count <= limit else {
            throw .fault("文件最大 \(limit) 字节，所选文件为 \(bytes.count) 字节")
        }
        guard bytes.starts(with: kind.magic) else {
            throw .fault("文件内容与扩展名 \(kind.rawValue) 不符")
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
