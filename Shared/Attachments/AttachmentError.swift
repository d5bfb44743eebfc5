/// Why a file was not stored or not read.
package struct AttachmentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Whose matter it is.
    package enum Kind: Sendable, Hashable {
        /// The uploader is to send another file.
        case fault
        /// What is stored is not what was stored: the operator has a backup to look at.
        case damaged
        /// The disk refuses: the operator has to look.
        case broken
    }

    package let kind: Kind
    /// For the uploader in Chinese, or for the operator in English.
    package let message: String

    package var description: String { message }

    /// Whether the uploader is to send another file; otherwise the operator has to look.
    package var isFault: Bool { kind == .fault }

    static func fault(_ message: String) -> AttachmentError {
        AttachmentError(kind: .fault, message: message)
    }

    static func damaged(_ message: String) -> AttachmentError {
        AttachmentError(kind: .damaged, message: message)
    }

    static func broken(_ message: String) -> AttachmentError {
        AttachmentError(kind: .broken, message: message)
    }
}
