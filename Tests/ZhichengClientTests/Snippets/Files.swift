import ZhichengClient

/// A file that is in memory.
func attach(
    _ certificate: [UInt8], to item: Archive.Item, _ applicant: PlatformClient
) async throws -> Common.Attachment {
    // snippet: upload
    let file = try await applicant.archive.uploadEvidence(
        Archive.UploadEvidenceRequest(
            itemID: item.id,
            file: Common.FileUpload(fileName: "学位证书.pdf", content: certificate)))
    // end
    return file
}

/// A file that is read while it is sent.
func attach(
    pieces: AsyncThrowingStream<[UInt8], any Error>, to item: Archive.Item,
    _ applicant: PlatformClient
) async throws -> Common.Attachment {
    // snippet: upload-pieces
    let file = try await applicant.archive.uploadEvidence(
        Archive.UploadEvidenceRequest(
            itemID: item.id, file: Common.FileUpload(fileName: "学位证书.pdf")),
        content: pieces)
    // end
    return file
}

/// A file into memory.
func evidence(_ item: Archive.Item, _ officer: PlatformClient) async throws -> [UInt8] {
    // snippet: download
    let request = Archive.DownloadEvidenceRequest(
        itemID: item.id, attachmentID: item.evidence[0].id)
    let file = try await officer.archive.downloadEvidence(
        request, atMost: Common.FileUpload.mostBytes)
    // end
    return file.content
}

/// A file that is written while it is received.
func save(
    _ request: Archive.DownloadEvidenceRequest, _ officer: PlatformClient,
    write: ([UInt8]) throws -> Void
) async throws {
    // snippet: download-pieces
    for try await reply in officer.archive.downloadEvidence(request) {
        try write(reply.content)
    }
    // end
}
