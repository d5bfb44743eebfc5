/// Why a file was not stored or not read.
package struct AttachmentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Whether the uploader is to send another file; otherwise the operator has to look.
    package let isFault: Bool
    /// For the uploader in Chinese, or for the operator in English.
    package let message: String

    package var description: String { message }

    static func fault(_ message: String) -> AttachmentError {
        AttachmentError(isFault: true, message: message)
    }

    static func broken(_ message: String) -> AttachmentError {
        AttachmentError(isFault: false, message: message)
    }
}
