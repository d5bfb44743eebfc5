package import MessageCoding

// Files that travel in pieces; what the messages mean is in proto/common.proto.

/// A message of an upload: the first one names the object and the file, the following ones have nothing but content.
package protocol UploadMessage: Message {
    /// The file's name, or the next piece of its content.
    var file: Common.FileUpload? { get set }
}

/// A message of a download: the first one has the attachment, each one a piece of the content.
package protocol DownloadMessage: Message {
    /// Only in the first message.
    var attachment: Common.Attachment? { get set }
    /// The next piece.
    var content: [UInt8] { get set }
}

extension Archive.UploadEvidenceRequest: UploadMessage {}
extension Declaration.UploadMaterialRequest: UploadMessage {}
extension Quota.UploadApprovalFormRequest: UploadMessage {}
extension Archive.DownloadEvidenceReply: DownloadMessage {}
extension Declaration.DownloadMaterialReply: DownloadMessage {}
extension Quota.DownloadApprovalFormReply: DownloadMessage {}

extension Common.FileUpload {
    /// The most bytes of a file that travels in pieces.
    public static let mostBytes = 10_485_760
    /// The most bytes of the content that one message of a stream carries.
    public static let mostPieceBytes = 262_144
    /// The most bytes of a file within a call that does not stream.
    public static let mostCallBytes = (4 << 20) - (64 << 10)
}

extension UploadMessage {
    /// A following message.
    package init(piece: [UInt8]) {
        self.init()
        file = Common.FileUpload(content: piece)
    }

    /// Whether it says nothing besides its piece.
    package var isPiece: Bool { self == Self(piece: file?.content ?? []) }
}
