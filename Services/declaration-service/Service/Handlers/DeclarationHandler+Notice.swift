import Attachments
import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

// 公示 by the unit (D6).

extension DeclarationHandler {
    func openNotice(
        _ request: Declaration.OpenNoticeRequest, context: RequestContext
    ) async throws -> Declaration.Notice {
        let officer = try database.reviewer(of: request.id, context.caller)
        try officer.requireRecorded()
        return try await database.perform(
            OpenNotice(officer: officer, request: request, ids: CommandIDs(ids)), for: request,
            context: context, keepForever: true)
    }

    func recordObjection(
        _ request: Declaration.RecordObjectionRequest, context: RequestContext
    ) async throws -> Declaration.Notice {
        try context.caller.requireRecorded()
        return try await database.perform(
            RecordObjection(
                keeper: noticeKeeper(request.noticeID, context.caller), request: request,
                newID: ids()),
            for: request, context: context)
    }

    func resolveObjection(
        _ request: Declaration.ResolveObjectionRequest, context: RequestContext
    ) async throws -> Declaration.Notice {
        try context.caller.requireRecorded()
        return try await database.perform(
            ResolveObjection(
                keeper: noticeKeeper(request.noticeID, context.caller), request: request),
            for: request, context: context)
    }

    /// The proof is stored before the rows that refer to it; it says what the command then finds, or the command
    /// is refused.
    func closeNotice(
        _ request: Declaration.CloseNoticeRequest, context: RequestContext
    ) async throws -> Declaration.Notice {
        guard case .officer(let officer) = try noticeKeeper(request.noticeID, context.caller)
        else { throw RPCError(serviceError: Refusal.notFound("公示")) }
        let facts = try database.fetch { rows in
            try NoticeFacts.read(request.noticeID, .officer(officer), rows)
        }
        guard let facts else { throw RPCError(serviceError: Refusal.notFound("公示")) }
        let today = CivilDay(clock.now())
        let proof = try await attachments.receive(
            Common.FileUpload(
                fileName: NoticeProof.fileName,
                content: NoticeProof.pdf(
                    of: facts.notice, unit: officer.unit.name, closedOn: today)),
            id: ids(), allowing: [.pdf], field: "notice", label: "公示证明")
        return try await database.perform(
            CloseNotice(
                officer: officer, request: request, proven: facts.notice, proof: proof,
                ids: CommandIDs(ids)),
            for: request, context: context, keepForever: true)
    }

    /// Who works on the notice's declaration, if the notice is theirs.
    private func noticeKeeper(_ notice: String, _ caller: Caller) throws(RPCError) -> Viewer {
        let declaration = try database.fetch { rows in
            try NoticeStore.declaration(of: notice, rows)
        }
        return try database.viewer(of: declaration ?? "", caller)
    }

    func listNotices(
        _ request: Declaration.ListNoticesRequest, context: RequestContext
    ) async throws -> Declaration.ListNoticesReply {
        let bounds = try PageBounds(request.page)
        let filter = NoticeStore.Filter(
            owner: try Viewer(context.caller).noticeOwner, declaration: request.declarationID,
            isRunning: request.running)
        let found = try database.fetch { rows in try NoticeStore.page(filter, bounds, rows) }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.openedMilliseconds, id: $0.id)
        }
        return Declaration.ListNoticesReply(
            notices: page.map(\.message), nextCursor: next)
    }
}
