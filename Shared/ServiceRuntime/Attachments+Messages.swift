package import Attachments
import Domain
package import Messages
package import RPC
import Storage

extension Common.Attachment: StorableReply {}

extension AttachmentStore {
    /// The largest file that one call takes; larger ones need streaming.
    package static let callLimit = (4 << 20) - (64 << 10)

    /// Checks and stores an uploaded file before the row that refers to it is written; an orphan is swept later.
    /// - Parameters:
    ///   - id: the attachment's id in the answer.
    ///   - field: the form's field and its Chinese label, for faults.
    package func receive(
        _ upload: Common.FileUpload?, id: String, allowing kinds: Set<AttachmentKind>,
        field: String, label: String
    ) throws(RPCError) -> Common.Attachment {
        guard let upload, !upload.content.isEmpty else {
            throw Self.fault(field, label, "请选择文件")
        }
        guard upload.content.count <= Self.callLimit else {
            throw Self.fault(
                field, label,
                "一次上传最多 \(Self.callLimit) 字节，文件为 \(upload.content.count) 字节；更大的文件需分段上传")
        }
        do {
            let stored = try store(
                upload.content, fileName: upload.fileName, allowing: kinds)
            return Common.Attachment(
                id: id, fileName: upload.fileName, mediaType: stored.kind.mediaType,
                byteCount: Int64(stored.byteCount), sha256: stored.sha256)
        } catch  where error.isFault {
            throw Self.fault(field, label, error.message)
        } catch {
            throw RPCError(serviceError: error)
        }
    }

    /// The bytes of a stored file.
    package func content(of attachment: Common.Attachment) throws(RPCError) -> [UInt8] {
        do {
            return try read(attachment.sha256)
        } catch {
            throw RPCError(serviceError: error)
        }
    }

    private static func fault(_ field: String, _ label: String, _ message: String) -> RPCError {
        RPCError(
            serviceError: Refusal.invalid([
                FieldFault(field: field, label: label, message: message)
            ]))
    }
}
