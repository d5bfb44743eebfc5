import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

// The applicant's side (D2). A repeat with the same key changes nothing and shows the declaration as it is now.

extension DeclarationHandler {
    func saveDraft(
        _ request: Declaration.SaveDraftRequest, context: RequestContext
    ) async throws -> Declaration.DeclarationDetail {
        let personID = try context.caller.applicant()
        let row = try await database.perform(
            SaveDraft(
                applicant: Self.session(context), request: request, ids: CommandIDs(ids)),
            for: request, context: context)
        return try detail(row.id, for: .applicant(personID: personID))
    }

    func withdraw(
        _ request: Declaration.WithdrawRequest, context: RequestContext
    ) async throws -> Declaration.DeclarationDetail {
        let personID = try context.caller.applicant()
        let row = try await database.perform(
            WithdrawDeclaration(
                applicant: Self.session(context), request: request, ids: CommandIDs(ids)),
            for: request, context: context, keepForever: true)
        return try detail(row.id, for: .applicant(personID: personID))
    }

    func deleteDraft(
        _ request: Declaration.DeleteDraftRequest, context: RequestContext
    ) async throws -> Declaration.DeleteDraftReply {
        try await database.perform(
            DeleteDraft(personID: try context.caller.applicant(), request: request),
            for: request, context: context)
    }

    private static func session(_ context: RequestContext) -> Identity.Session {
        guard let session = context.caller.session else {
            preconditionFailure("an applicant has a session")
        }
        return session
    }

    /// Answers with the declaration in review, or, when the archive does not answer in time, 办理中: the unit
    /// gets it later, without another call.
    func submit(
        _ request: Declaration.SubmitRequest, context: RequestContext
    ) async throws -> Declaration.DeclarationDetail {
        let personID = try context.caller.applicant()
        let viewer = Viewer.applicant(personID: personID)
        let draft = try database.fetch { rows in
            try DeclarationStore.declaration(request.id, for: viewer, rows)
        }
        guard let draft else { throw RPCError(serviceError: Refusal.notFound("申报")) }
        let person = try await identity.describePerson(
            Identity.DescribePersonRequest(personID: personID))
        let unit =
            person.unitID.isEmpty
            ? Identity.UnitSummary()
            : try await identity.describeUnit(
                Identity.DescribeUnitRequest(unitID: person.unitID))
        let approved = try await approved(of: personID, draft.corrected.itemIDs)
        let begun = try await database.perform(
            SubmitDeclaration(
                request: request, person: person, unit: unit,
                items: try approved.items.map(FrozenItem.init),
                missingItems: approved.missing.count, ids: CommandIDs(ids)),
            for: request, context: context, keepForever: true)
        _ = try await desk.settled(begun, until: context.deadline)
        return try detail(request.id, for: viewer)
    }

    /// The person's approved items, those or all; in as many parts as the archive's answers hold.
    private func approved(
        of personID: String, _ itemIDs: [String]
    ) async throws(RPCError) -> Archive.ReadApprovedReply {
        var whole = try await archive.readApproved(
            Archive.ReadApprovedRequest(personID: personID, itemIDs: itemIDs))
        // Each part has an item at least; more of them than a declaration may refer to are refused later.
        for _ in 0..<FrozenItem.most where !whole.rest.isEmpty {
            let part = try await archive.readApproved(
                Archive.ReadApprovedRequest(personID: personID, itemIDs: whole.rest))
            whole.items += part.items
            whole.missing += part.missing
            whole.rest = part.rest
        }
        guard whole.rest.isEmpty else {
            throw RPCError(code: .resourceExhausted, message: "the archive's answer has no end")
        }
        return whole
    }
}
