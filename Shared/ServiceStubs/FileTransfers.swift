import MessageCoding
public import Messages
public import RPC

// Whole files over the calls that take and give them in pieces.

extension Archive.ArchiveClient {
    /// Uploads 佐证材料 whose content is in the request.
    public func uploadEvidence(
        _ request: Archive.UploadEvidenceRequest, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Common.Attachment {
        try await known {
            try await uploadEvidence(options: options) { try await $0.send(whole: request) }
        }
    }

    /// Uploads 佐证材料 whose content comes piece by piece; pieces may have any length.
    /// - Parameter request: names item and file, without content.
    /// - Throws: `RPCError`, or what `content` throws: nothing is stored then.
    public func uploadEvidence<Content: AsyncSequence>(
        _ request: Archive.UploadEvidenceRequest, content: Content,
        options: CallOptions = CallOptions()
    ) async throws -> Common.Attachment where Content.Element == [UInt8] {
        try await uploadEvidence(options: options) { try await $0.send(request, content) }
    }

    /// Downloads 佐证材料 whole.
    /// - Parameter most: the most bytes that are taken; a larger file is refused with `resourceExhausted`.
    public func downloadEvidence(
        _ request: Archive.DownloadEvidenceRequest, atMost most: Int,
        options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Archive.DownloadEvidenceReply {
        try await downloadEvidence(request, options: options).whole(atMost: most)
    }
}

extension Declaration.DeclarationClient {
    /// Uploads 单位公示证明 or other material whose content is in the request.
    public func uploadMaterial(
        _ request: Declaration.UploadMaterialRequest, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Common.Attachment {
        try await known {
            try await uploadMaterial(options: options) { try await $0.send(whole: request) }
        }
    }

    /// Uploads 单位公示证明 or other material whose content comes piece by piece; pieces may have any length.
    /// - Parameter request: names declaration, kind and file, without content.
    /// - Throws: `RPCError`, or what `content` throws: nothing is stored then.
    public func uploadMaterial<Content: AsyncSequence>(
        _ request: Declaration.UploadMaterialRequest, content: Content,
        options: CallOptions = CallOptions()
    ) async throws -> Common.Attachment where Content.Element == [UInt8] {
        try await uploadMaterial(options: options) { try await $0.send(request, content) }
    }

    /// Downloads 单位公示证明 or other material whole.
    /// - Parameter most: the most bytes that are taken; a larger file is refused with `resourceExhausted`.
    public func downloadMaterial(
        _ request: Declaration.DownloadMaterialRequest, atMost most: Int,
        options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Declaration.DownloadMaterialReply {
        try await downloadMaterial(request, options: options).whole(atMost: most)
    }

    /// Downloads 佐证材料 of an archive item that the declaration froze, whole.
    /// - Parameter most: the most bytes that are taken; a larger file is refused with `resourceExhausted`.
    public func downloadEvidence(
        _ request: Declaration.DownloadEvidenceRequest, atMost most: Int,
        options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Declaration.DownloadMaterialReply {
        try await downloadEvidence(request, options: options).whole(atMost: most)
    }

    /// Downloads 委托函 whole.
    /// - Parameter most: the most bytes that are taken; a larger file is refused with `resourceExhausted`.
    public func downloadLetter(
        _ request: Declaration.DownloadLetterRequest, atMost most: Int,
        options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Declaration.DownloadMaterialReply {
        try await downloadLetter(request, options: options).whole(atMost: most)
    }
}

extension Quota.QuotaClient {
    /// Uploads the approval form whose content is in the request.
    public func uploadApprovalForm(
        _ request: Quota.UploadApprovalFormRequest, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Common.Attachment {
        try await known {
            try await uploadApprovalForm(options: options) { try await $0.send(whole: request) }
        }
    }

    /// Uploads the approval form whose content comes piece by piece; pieces may have any length.
    /// - Parameter request: names record and file, without content.
    /// - Throws: `RPCError`, or what `content` throws: nothing is stored then.
    public func uploadApprovalForm<Content: AsyncSequence>(
        _ request: Quota.UploadApprovalFormRequest, content: Content,
        options: CallOptions = CallOptions()
    ) async throws -> Common.Attachment where Content.Element == [UInt8] {
        try await uploadApprovalForm(options: options) { try await $0.send(request, content) }
    }

    /// Downloads the approval form whole.
    /// - Parameter most: the most bytes that are taken; a larger file is refused with `resourceExhausted`.
    public func downloadApprovalForm(
        _ request: Quota.DownloadApprovalFormRequest, atMost most: Int,
        options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Quota.DownloadApprovalFormReply {
        try await downloadApprovalForm(request, options: options).whole(atMost: most)
    }
}

/// Where nothing but `RPCError` is thrown, though the type does not say so.
private func known<Reply>(_ call: () async throws -> Reply) async throws(RPCError) -> Reply {
    do {
        return try await call()
    } catch {
        throw error as? RPCError ?? RPCError(code: .unknown, message: "\(error)")
    }
}

extension RequestWriter where Request: UploadMessage {
    /// Sends a request as messages of at most `mostPieceBytes` each.
    fileprivate func send(whole request: Request) async throws(RPCError) {
        var first = request
        let content = request.file?.content ?? []
        let rest = content.dropFirst(Common.FileUpload.mostPieceBytes)
        first.file?.content = Array(content.prefix(Common.FileUpload.mostPieceBytes))
        try await send(first)
        try await send(pieces: rest)
    }

    private func send(pieces content: ArraySlice<UInt8>) async throws(RPCError) {
        var rest = content
        while !rest.isEmpty {
            let piece = rest.prefix(Common.FileUpload.mostPieceBytes)
            rest = rest.dropFirst(piece.count)
            try await send(Request(piece: Array(piece)))
        }
    }

    /// Sends what names object and file, then its content.
    fileprivate func send<Content: AsyncSequence>(
        _ request: Request, _ content: Content
    ) async throws where Content.Element == [UInt8] {
        try await send(whole: request)
        for try await piece in content { try await send(pieces: piece[...]) }
    }
}

extension RequestStream {
    /// An upload's messages as one; of another stream's messages the first one.
    package func whole() async throws -> Request {
        var messages = makeAsyncIterator()
        guard let first = try await messages.next() else { return Request() }
        guard var whole = first as? any UploadMessage else { return first }
        var content = whole.file?.content ?? []
        while let message = try await messages.next() as? any UploadMessage {
            content += message.file?.content ?? []
        }
        whole.file?.content = content
        return whole as? Request ?? first
    }
}

extension ReplyStream where Reply: DownloadMessage {
    /// All messages as one, once the call has succeeded.
    fileprivate func whole(atMost most: Int) async throws(RPCError) -> Reply {
        var messages = makeAsyncIterator()
        var whole = Reply()
        var content: [UInt8] = []
        while let message = try await messages.next() {
            if let attachment = message.attachment { whole.attachment = attachment }
            guard message.content.count <= most - content.count,
                whole.attachment?.byteCount ?? 0 <= most
            else {
                throw RPCError(
                    code: .resourceExhausted, message: "the file has more than \(most) bytes",
                    verdict: .never)
            }
            content += message.content
        }
        guard whole.attachment?.byteCount == Int64(content.count) else {
            throw RPCError(
                code: .dataLoss, message: "the file came with \(content.count) bytes, not whole",
                verdict: .safe)
        }
        whole.content = content
        return whole
    }
}
