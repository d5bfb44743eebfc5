package import Attachments
import Domain
import MessageCoding
package import Messages
package import RPC
package import Storage

extension Common.Attachment: StorableReply {}

/// What an upload is for.
package struct UploadForm<C: Command> {
    /// The attachment's id in the answer.
    package let id: String
    /// Chinese, of the form's field `file`, for faults.
    package let label: String
    package let kinds: Set<AttachmentKind>
    /// Writes the row that refers to the file.
    package let command: (Common.Attachment) -> C

    package init(
        id: String, label: String, allowing kinds: Set<AttachmentKind>,
        command: @escaping (Common.Attachment) -> C
    ) {
        self.id = id
        self.label = label
        self.kinds = kinds
        self.command = command
    }
}

extension AttachmentStore {
    /// Takes an uploaded file piece by piece and runs the command that refers to it: once per idempotency key.
    ///
    /// Whether the command would be refused is asked before the first byte is taken. A repeat with the same key has to
    /// have the same first message (without content) and the same content's hash. What was written goes away when the
    /// stream fails or is cancelled.
    /// - Parameters:
    ///   - form: from the first message.
    /// - Throws: what `form` throws; a refusal of the command; `invalidArgument` for a fault of the file, as a form's
    ///   fault, or for a stream that is no upload.
    package func receive<Request: UploadMessage, C: Command>(
        _ requests: RequestStream<Request>, in database: Database, context: RequestContext,
        _ form: (Request) throws -> UploadForm<C>
    ) async throws -> Common.Attachment where C.Reply == Common.Attachment {
        var messages = requests.makeAsyncIterator()
        guard var header = try await messages.next() else {
            throw Self.notAnUpload("the stream has no message")
        }
        let form = try form(header)
        let fileName = header.file?.fileName ?? ""
        let expected = Common.Attachment(id: form.id, fileName: fileName)
        try database.preview(form.command(expected), context: context)
        guard header.file != nil else { throw Self.fault("file", form.label, "请选择文件") }
        do {
            let stored = try await take(header, messages, fileName, form.kinds)
            header.file?.content = stored.sha256
            let attachment = Self.attachment(form.id, fileName, stored)
            return try await database.perform(
                form.command(attachment), for: header, context: context)
        } catch let error as AttachmentError {
            throw Self.told(error, "file", form.label)
        }
    }

    /// Writes the pieces, where nobody else is held up by the disk.
    private func take<Request: UploadMessage>(
        _ header: Request, _ messages: RequestStream<Request>.Iterator, _ fileName: String,
        _ kinds: Set<AttachmentKind>
    ) async throws -> StoredFile {
        try await withTaskExecutorPreference(executor) {
            var messages = messages
            let file = try incoming(fileName, allowing: kinds)
            try file.append(Self.piece(of: header))
            while let message = try await messages.next() {
                let piece = try Self.piece(of: message)
                guard message.isPiece, !piece.isEmpty else {
                    throw Self.notAnUpload(
                        "a message after the first one has content, nothing else")
                }
                try file.append(piece)
            }
            return try file.finish()
        }
    }

    /// Sends a stored file piece by piece; the first message has the attachment, too.
    /// - Throws: `dataLoss` instead of the last piece when the content is not what was stored.
    package func send<Reply: DownloadMessage>(
        _ attachment: Common.Attachment, to replies: ReplyWriter<Reply>
    ) async throws {
        do {
            try await withTaskExecutorPreference(executor) {
                let file = try outgoing(attachment.sha256)
                var reply = Reply()
                reply.attachment = attachment
                while let piece = try file.next(atMost: Common.FileUpload.mostPieceBytes) {
                    reply.content = piece
                    try await replies.send(reply)
                    reply = Reply()
                }
            }
        } catch let error as AttachmentError where error.kind == .damaged {
            var lost = RPCError(
                code: .dataLoss, message: "文件已损坏，请联系管理员", verdict: .never)
            lost.cause = error
            throw lost
        }
    }

    /// Checks and stores a file that is part of another request, before the row that refers to it is written; an orphan
    /// is swept later.
    /// - Parameters:
    ///   - id: the attachment's id in the answer.
    ///   - field: the form's field and its Chinese label, for faults.
    package func receive(
        _ upload: Common.FileUpload?, id: String, allowing kinds: Set<AttachmentKind>,
        field: String, label: String
    ) async throws(RPCError) -> Common.Attachment {
        guard let upload, !upload.content.isEmpty else {
            throw Self.fault(field, label, "请选择文件")
        }
        let most = Common.FileUpload.mostCallBytes
        guard upload.content.count <= most else {
            throw Self.fault(
                field, label, "此文件最大 \(most) 字节，所选文件为 \(upload.content.count) 字节")
        }
        do throws(AttachmentError) {
            let stored = try await withTaskExecutorPreference(executor) {
                () throws(AttachmentError) in
                try store(upload.content, fileName: upload.fileName, allowing: kinds)
            }
            return Self.attachment(id, upload.fileName, stored)
        } catch {
            throw Self.told(error, field, label)
        }
    }

    private static func piece<Request: UploadMessage>(
        of message: Request
    ) throws(RPCError) -> [UInt8] {
        let piece = message.file?.content ?? []
        let most = Common.FileUpload.mostPieceBytes
        guard piece.count <= most else {
            throw notAnUpload("a piece has at most \(most) bytes, not \(piece.count)")
        }
        return piece
    }

    private static func attachment(
        _ id: String, _ fileName: String, _ stored: StoredFile
    ) -> Common.Attachment {
        Common.Attachment(
            id: id, fileName: fileName, mediaType: stored.kind.mediaType,
            byteCount: Int64(stored.byteCount), sha256: stored.sha256)
    }

    private static func notAnUpload(_ reason: String) -> RPCError {
        RPCError(
            code: .invalidArgument, message: "this is no upload: \(reason)", verdict: .never)
    }

    private static func told(
        _ error: AttachmentError, _ field: String, _ label: String
    ) -> RPCError {
        error.isFault
            ? fault(field, label, error.message) : RPCError(serviceError: error)
    }

    private static func fault(_ field: String, _ label: String, _ message: String) -> RPCError {
        RPCError(
            serviceError: Refusal.invalid([
                FieldFault(field: field, label: label, message: message)
            ]))
    }
}
