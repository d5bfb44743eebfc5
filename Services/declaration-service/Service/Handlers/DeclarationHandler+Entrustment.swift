import Attachments
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

// 委托 (D11).

extension DeclarationHandler {
    func requestEntrustment(
        _ request: Declaration.RequestEntrustmentRequest, context: RequestContext
    ) async throws -> Declaration.Entrustment {
        let officer = try context.caller.officer()
        var check = FormCheck()
        let most = EntrustmentStore.mostPersons
        if !(1...most).contains(request.personIDs.count)
            || Set(request.personIDs).count != request.personIDs.count
        {
            check.fault(
                "person_ids", "委托人员", "应选择 1 至 \(most) 人，不能重复；选择了 \(request.personIDs.count) 人")
        }
        try finish(check)
        var persons: [Identity.PersonSummary] = []
        for id in request.personIDs { persons.append(try await described(id)) }
        let letter = try await attachments.receive(
            request.letter, id: ids(), allowing: [.pdf, .jpg, .png, .doc, .docx],
            field: "letter", label: "委托函")
        return try await database.perform(
            RequestEntrustment(
                officer: officer, request: request, persons: persons, letter: letter,
                newID: ids()),
            for: request, context: context)
    }

    /// Whom identity-service does not know is of no unit.
    private func described(_ person: String) async throws(RPCError) -> Identity.PersonSummary {
        do throws(RPCError) {
            return try await identity.describePerson(
                Identity.DescribePersonRequest(personID: person))
        } catch {
            guard error.code == .notFound else { throw error }
            return Identity.PersonSummary(personID: person)
        }
    }

    func listEntrustments(
        _ request: Declaration.ListEntrustmentsRequest, context: RequestContext
    ) async throws -> Declaration.ListEntrustmentsReply {
        let viewer = try EntrustmentViewer(context.caller)
        let bounds = try PageBounds(request.page)
        let found = try database.fetch { rows in
            try EntrustmentStore.page(for: viewer, bounds, rows)
        }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.requestedMilliseconds, id: $0.id)
        }
        return Declaration.ListEntrustmentsReply(
            entrustments: page.map(\.message), nextCursor: next)
    }

    func decideEntrustment(
        _ request: Declaration.DecideEntrustmentRequest, context: RequestContext
    ) async throws -> Declaration.Entrustment {
        guard let session = context.caller.session else {
            throw RPCError(code: .unauthenticated, message: "请先登录")
        }
        try context.caller.requireRecorded()
        return try await database.perform(
            DecideEntrustment(
                session: session, viewer: try EntrustmentViewer(context.caller),
                request: request),
            for: request, context: context, keepForever: true)
    }

    func downloadLetter(
        _ request: Declaration.DownloadLetterRequest,
        replies: ReplyWriter<Declaration.DownloadMaterialReply>, context: RequestContext
    ) async throws {
        let viewer = try EntrustmentViewer(context.caller)
        let found = try database.fetch { rows in
            try EntrustmentStore.entrustment(request.id, for: viewer, rows)
        }
        guard let found else { throw RPCError(serviceError: Refusal.notFound("委托")) }
        try await attachments.send(found.letter, to: replies)
    }
}

extension EntrustmentViewer {
    /// - Throws: `permissionDenied` for an account without a unit, a region or a committee.
    fileprivate init(_ caller: Caller) throws(RPCError) {
        switch caller.session.map({ ($0.role, $0) }) {
        case (.hrDepartment, let session)? where !session.region.isEmpty:
            self = .department(region: session.region)
        case (.committee, let session)? where !session.committeeID.isEmpty:
            self = .committee(session.committeeID)
        default: self = .unit(try caller.officer().unit.id)
        }
    }
}
