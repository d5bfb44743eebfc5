/// The kinds of files that may be attached (A6 and Q1 of functions.md).
package enum AttachmentKind: String, Sendable, Hashable, CaseIterable {
    case pdf
    case jpg
    case png
    case doc
    case docx

    /// The kind of a file name's extension, in any case; nil for a kind that is never taken.
    package init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: "."), dot > fileName.startIndex else { return nil }
        let ending = fileName[fileName.index(after: dot)...].lowercased()
        self.init(rawValue: ending == "jpeg" ? "jpg" : ending)
    }

    /// The media type to serve it with.
    package var mediaType: String {
        switch self {
        case .pdf: "application/pdf"
        case .jpg: "image/jpeg"
        case .png: "image/png"
        case .doc: "application/msword"
        case .docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        }
    }

    /// What every file of the kind begins with.
    package var magic: [UInt8] {
        switch self {
        case .pdf: Array("%PDF-".utf8)
        case .jpg: [0xFF, 0xD8, 0xFF]
        case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        // An OLE compound file.
        case .doc: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]
        // The first entry of a zip archive.
        case .docx: [0x50, 0x4B, 0x03, 0x04]
        }
    }
}
