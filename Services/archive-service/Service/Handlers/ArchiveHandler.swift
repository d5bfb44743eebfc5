import Attachments
import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Decodes, calls the rules, encodes.
struct ArchiveHandler: Archive.ArchiveProvider {
    let database: Database
    let attachments: AttachmentStore
    let catalog: Catalog
    let identity: Identity.IdentityClient
    let ids: @Sendable () -> String

    // MARK: the applicant

    func saveItem(
        _ request: Archive.SaveItemRequest, context: RequestContext
    ) async throws -> Archive.Item {
        let person = try context.caller.applicant()
        return try await database.perform(
            SaveItem(
                applicant: SaveItem.Applicant(
                    personID: person, name: context.caller.session?.name ?? ""),
                request: request, catalog: catalog, newID: ids()),
            for: request, context: context)
    }

    func submitItem(
        _ request: Archive.SubmitItemRequest, context: RequestContext
    ) async throws -> Archive.Item {
        let person = try context.caller.applicant()
        let summary = try await describe(person)
        return try await database.perform(
            SubmitItem(personID: person, request: request, catalog: catalog, person: summary),
            for: request, context: context)
    }

    func retractItem(
        _ request: Archive.RetractItemRequest, context: RequestContext
    ) async throws -> Archive.Item {
        try await database.perform(
            RetractItem(
                personID: try context.caller.applicant(), request: request, catalog: catalog),
            for: request, context: context)
    }

    /// Nil when identity-service knows no such person.
    func describe(_ person: String) async throws(RPCError) -> Identity.PersonSummary? {
        do {
            return try await identity.describePerson(
                Identity.DescribePersonRequest(personID: person))
        } catch  where error.code == .notFound {
            return nil
        } catch {
            // Nothing was changed yet, whatever became of the question.
            var unavailable = RPCError(
                code: .unavailable, message: "暂时无法核对人员注册信息，请稍后重试", verdict: .notExecuted)
            unavailable.cause = error
            throw unavailable
        }
    }

    // MARK: evidence

    func uploadEvidence(
        _ requests: RequestStream<Archive.UploadEvidenceRequest>, context: RequestContext
    ) async throws -> Common.Attachment {
        let person = try context.caller.applicant()
        return try await attachments.receive(requests, in: database, context: context) { request in
            UploadForm(
                id: ids(), label: "佐证材料", allowing: [.pdf, .jpg, .png, .doc, .docx]
            ) { file in
                AttachEvidence(
                    personID: person, itemID: request.itemID, catalog: catalog, file: file)
            }
        }
    }

    func downloadEvidence(
        _ request: Archive.DownloadEvidenceRequest,
        replies: ReplyWriter<Archive.DownloadEvidenceReply>, context: RequestContext
    ) async throws {
        let reader: EvidenceStore.Reader =
            switch context.caller.session {
            case nil: .service
            case let session? where session.role == .applicant: .applicant(session.personID)
            default: .unit(try reviewingUnit(of: request.itemID, context.caller))
            }
        let found = try database.fetch { rows in
            try EvidenceStore.file(
                request.attachmentID, item: request.itemID, for: reader, rows)
        }
        guard let found else { throw RPCError(serviceError: Refusal.notFound("佐证材料")) }
        try await attachments.send(found, to: replies)
    }

    // MARK: declaration-service

    func readApproved(
        _ request: Archive.ReadApprovedRequest, context: RequestContext
    ) async throws -> Archive.ReadApprovedReply {
        let most = PinVersions.mostVersions
        guard request.itemIDs.count <= most else {
            throw RPCError(
                code: .invalidArgument,
                message: "at most \(most) items at once, not \(request.itemIDs.count)")
        }
        let (items, missing) = try database.fetch { rows in
            var items: [StoredItem] = []
            var missing: [String] = []
            if request.itemIDs.isEmpty {
                items = try ItemStore.approved(of: request.personID, limit: most, rows)
            }
            for id in request.itemIDs {
                if let item = try ItemStore.approved(id, of: request.personID, rows) {
                    items.append(item)
                } else {
                    missing.append(id)
                }
            }
            return (try items.map { try message($0, .unit(""), rows) }, missing)
        }
        return try Archive.ReadApprovedReply(items, missing: missing)
    }

    func pinVersions(
        _ request: Archive.PinVersionsRequest, context: RequestContext
    ) async throws -> Archive.PinVersionsReply {
        try await database.receive(
            PinVersions(request: request), for: request, context: context)
    }

    func unpinVersions(
        _ request: Archive.UnpinVersionsRequest, context: RequestContext
    ) async throws -> Archive.UnpinVersionsReply {
        try await database.receive(
            UnpinVersions(request: request), for: request, context: context)
    }

    /// The item as the side sees it.
    func message(
        _ item: StoredItem, _ side: ItemStore.Side, flow: [StoredFlowStep] = [],
        _ rows: any RowReader
    ) throws -> Archive.Item {
        item.message(
            catalog.kind(item.kind), evidence: try EvidenceStore.files(of: item, side, rows),
            flow: flow)
    }
}
