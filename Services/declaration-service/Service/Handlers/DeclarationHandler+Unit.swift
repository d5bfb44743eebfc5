import Attachments
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

// The unit's side (D5, D7) besides the decision, which is a TaskSource's.

extension DeclarationHandler {
    func claim(
        _ request: Declaration.ClaimRequest, context: RequestContext
    ) async throws -> Declaration.ClaimReply {
        let officer = try database.reviewer(of: request.id, context.caller)
        try officer.requireRecorded()
        return try await database.perform(
            ClaimDeclaration(officer: officer, request: request, ids: CommandIDs(ids)),
            for: request, context: context)
    }

    func releaseClaim(
        _ request: Declaration.ReleaseClaimRequest, context: RequestContext
    ) async throws -> Declaration.ClaimReply {
        try await database.perform(
            ReleaseClaim(
                officer: database.reviewer(of: request.id, context.caller), request: request,
                ids: CommandIDs(ids)),
            for: request, context: context)
    }

    func saveRecommendation(
        _ request: Declaration.SaveRecommendationRequest, context: RequestContext
    ) async throws -> Declaration.Recommendation {
        try await database.perform(
            SaveRecommendation(
                officer: database.reviewer(of: request.id, context.caller), request: request),
            for: request, context: context)
    }

    func uploadMaterial(
        _ requests: RequestStream<Declaration.UploadMaterialRequest>, context: RequestContext
    ) async throws -> Common.Attachment {
        let caller = context.caller
        return try await attachments.receive(requests, in: database, context: context) { request in
            let officer = try database.reviewer(of: request.id, caller)
            return UploadForm(
                id: ids(), label: request.kind == .noticeProof ? "单位公示证明" : "材料",
                allowing: [.pdf, .jpg, .png, .doc, .docx]
            ) { file in
                AttachMaterial(
                    officer: officer, declarationID: request.id, kind: request.kind, file: file)
            }
        }
    }

    func removeMaterial(
        _ request: Declaration.RemoveMaterialRequest, context: RequestContext
    ) async throws -> Declaration.Recommendation {
        try context.caller.requireRecorded()
        return try await database.perform(
            RemoveMaterial(
                officer: database.reviewer(of: request.id, context.caller), request: request),
            for: request, context: context)
    }

    func downloadMaterial(
        _ request: Declaration.DownloadMaterialRequest,
        replies: ReplyWriter<Declaration.DownloadMaterialReply>, context: RequestContext
    ) async throws {
        let viewer = try database.viewer(of: request.id, context.caller)
        let file = try database.fetch { rows -> Common.Attachment? in
            guard
                let declaration = try DeclarationStore.declaration(
                    request.id, for: viewer, rows), viewer.seesRecommendation(of: declaration)
            else { return nil }
            let stored = try RecommendationStore.recommendation(of: request.id, rows)
            return (stored.noticeProofs + stored.materials).first {
                $0.id == request.attachmentID
            }
        }
        guard let file else { throw RPCError(serviceError: Refusal.notFound("材料")) }
        try await attachments.send(file, to: replies)
    }
}
