import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

// 佐证材料 of what a submission froze (D4): the archive shows them to the applicant's own unit only, a declaration to
// everybody on whose desk it is.

extension DeclarationHandler {
    func downloadEvidence(
        _ request: Declaration.DownloadEvidenceRequest,
        replies: ReplyWriter<Declaration.DownloadMaterialReply>, context: RequestContext
    ) async throws {
        let viewer = try database.viewer(of: request.id, context.caller)
        let isFrozen = try database.fetch { rows -> Bool in
            guard
                let declaration = try DeclarationStore.declaration(
                    request.id, for: viewer, rows),
                let item = try DeclarationStore.frozen(
                    request.itemID, in: declaration, rows)
            else { return false }
            return item.evidence.contains { $0.id == request.attachmentID }
        }
        guard isFrozen else { throw RPCError(serviceError: Refusal.notFound("佐证材料")) }
        // The archive knows nothing of who reviews declarations: this service asks, and has seen who may.
        try await CallScope.$current.withValue(CallScope(context).withoutUser) {
            let pieces = archive.downloadEvidence(
                Archive.DownloadEvidenceRequest(
                    itemID: request.itemID, attachmentID: request.attachmentID))
            for try await piece in pieces {
                try await replies.send(
                    Declaration.DownloadMaterialReply(
                        attachment: piece.attachment, content: piece.content))
            }
        }
    }
}
