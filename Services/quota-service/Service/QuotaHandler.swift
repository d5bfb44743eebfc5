import Attachments
import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

extension Quota.Record: StorableReply {}
extension Quota.DeleteRecordReply: StorableReply {}
extension Quota.ReserveReply: StorableReply {}
extension Quota.ConfirmReply: StorableReply {}
extension Quota.ReleaseReply: StorableReply {}
extension Quota.ConsumeReply: StorableReply {}

/// Decodes, calls the rules, encodes.
struct QuotaHandler: Quota.QuotaProvider {
    let database: Database
    let attachments: AttachmentStore
    let identity: Identity.IdentityClient
    let ids: @Sendable () -> String

    // MARK: records

    func listRecords(
        _ request: Quota.ListRecordsRequest, context: RequestContext
    ) async throws -> Quota.ListRecordsReply {
        let unit = try await whose(request.unitID, context)
        let bounds = try PageBounds(request.page)
        let (found, total) = try database.fetch { rows in
            (
                try QuotaStore.records(unit: unit, bounds, rows).map { record in
                    (record, record.message(try QuotaStore.supplements(of: record.id, rows)))
                },
                try QuotaStore.count(unit: unit, rows)
            )
        }
        let (page, next) = bounds.page(found) { QuotaStore.place(of: $0.0) }
        return Quota.ListRecordsReply(
            records: page.map(\.1), nextCursor: next, total: total)
    }

    func getRecord(
        _ request: Quota.GetRecordRequest, context: RequestContext
    ) async throws -> Quota.Record {
        let (record, supplements) = try await record(request.id, context)
        return record.message(supplements)
    }

    func saveRecord(
        _ request: Quota.SaveRecordRequest, context: RequestContext
    ) async throws -> Quota.Record {
        try await database.perform(
            SaveRecord(officer: context.caller.officer(), request: request, newID: ids()),
            for: request, context: context)
    }

    func deleteRecord(
        _ request: Quota.DeleteRecordRequest, context: RequestContext
    ) async throws -> Quota.DeleteRecordReply {
        try await database.perform(
            DeleteRecord(officer: context.caller.officer(), request: request), for: request,
            context: context)
    }

    func submitRecord(
        _ request: Quota.SubmitRecordRequest, context: RequestContext
    ) async throws -> Quota.Record {
        try await database.perform(
            SubmitRecord(officer: context.caller.officer(), request: request), for: request,
            context: context, keepForever: true)
    }

    // MARK: the approval form

    func uploadApprovalForm(
        _ requests: RequestStream<Quota.UploadApprovalFormRequest>, context: RequestContext
    ) async throws -> Common.Attachment {
        let officer = try context.caller.officer()
        return try await attachments.receive(requests, in: database, context: context) { request in
            UploadForm(
                id: request.recordID, label: "相关附件", allowing: [.doc, .docx, .pdf, .jpg]
            ) { file in
                AttachForm(officer: officer, recordID: request.recordID, form: file)
            }
        }
    }

    func downloadApprovalForm(
        _ request: Quota.DownloadApprovalFormRequest,
        replies: ReplyWriter<Quota.DownloadApprovalFormReply>, context: RequestContext
    ) async throws {
        let (record, supplements) = try await record(request.recordID, context)
        let file =
            request.supplementID.isEmpty
            ? record.form : supplements.first { $0.id == request.supplementID }?.document
        guard let form = file else {
            throw RPCError(code: .notFound, message: "岗位核准信息没有附件")
        }
        try await attachments.send(form, to: replies)
    }

    // MARK: vacancies

    func getVacancies(
        _ request: Quota.GetVacanciesRequest, context: RequestContext
    ) async throws -> Quota.GetVacanciesReply {
        // Other services ask about every unit.
        var unit = request.unitID
        if context.caller.session != nil { unit = try await whose(request.unitID, context) }
        let record = try database.fetch { [unit] rows in
            try QuotaStore.liveRecord(unit: unit, year: request.year, rows)
        }
        guard let record, record.state == .confirmed else {
            return Quota.GetVacanciesReply(year: request.year, confirmed: false, levels: [])
        }
        return Quota.GetVacanciesReply(
            year: request.year, confirmed: true,
            levels: record.levels.map { level in
                Quota.LevelVacancies(
                    level: level.level, label: level.level.label, unlimited: level.unlimited,
                    approved: level.approved, reserved: level.reserved,
                    consumed: level.consumed, remaining: level.remaining)
            })
    }

    func reserve(
        _ request: Quota.ReserveRequest, context: RequestContext
    ) async throws -> Quota.ReserveReply {
        try await database.receive(Reserve(request: request), for: request, context: context)
    }

    func confirm(
        _ request: Quota.ConfirmRequest, context: RequestContext
    ) async throws -> Quota.ConfirmReply {
        try await database.receive(Confirm(request: request), for: request, context: context)
    }

    func release(
        _ request: Quota.ReleaseRequest, context: RequestContext
    ) async throws -> Quota.ReleaseReply {
        try await database.receive(Release(request: request), for: request, context: context)
    }

    func consume(
        _ request: Quota.ConsumeRequest, context: RequestContext
    ) async throws -> Quota.ConsumeReply {
        try await database.receive(Consume(request: request), for: request, context: context)
    }

    // MARK: corrections

    func supplementRecord(
        _ request: Quota.SupplementRecordRequest, context: RequestContext
    ) async throws -> Quota.Record {
        try await database.perform(
            SupplementRecord(
                issue: issue(request.document, of: request.id, context), request: request),
            for: request, context: context, keepForever: true)
    }

    func supersedeRecord(
        _ request: Quota.SupersedeRecordRequest, context: RequestContext
    ) async throws -> Quota.Record {
        try await database.perform(
            SupersedeRecord(
                issue: issue(request.document, of: request.id, context), request: request),
            for: request, context: context, keepForever: true)
    }

    /// Who corrects a record, once it is certain that its unit belongs to the caller's jurisdiction.
    private func issue(
        _ document: Common.FileUpload?, of recordID: String, _ context: RequestContext
    ) async throws -> Issue {
        guard let department = context.caller.session, department.role == .hrDepartment else {
            throw RPCError(code: .permissionDenied, message: "仅人社部门可以进行此操作")
        }
        try context.caller.requireRecorded()
        // Nothing is stored for an id that is unknown or another jurisdiction's.
        _ = try await record(recordID, context)
        return Issue(
            personID: department.personID, name: department.name,
            document: try await attachments.receive(
                document, id: ids(), allowing: [.doc, .docx, .pdf, .jpg], field: "document",
                label: "依据文件"))
    }

    // MARK: whose records

    /// A record of the caller's own unit, or of the HR department's jurisdiction, with its supplements.
    private func record(
        _ id: String, _ context: RequestContext
    ) async throws -> (StoredRecord, [Quota.Supplement]) {
        let found = try database.fetch { rows in
            try QuotaStore.record(id, rows).map {
                ($0, try QuotaStore.supplements(of: $0.id, rows))
            }
        }
        guard let found, try await sees(found.0.unitID, context) else {
            throw RPCError(serviceError: Refusal.notFound("岗位核准信息"))
        }
        return found
    }

    /// The unit that a request is about: an officer's own, or the one that an HR department names.
    private func whose(_ id: String, _ context: RequestContext) async throws -> String {
        var unit = id
        if id.isEmpty, context.caller.session?.role != .hrDepartment {
            unit = try context.caller.officer().unit.id
        }
        guard try await sees(unit, context) else {
            throw RPCError(serviceError: Refusal.notFound("单位"))
        }
        return unit
    }

    /// An officer sees the own unit; an HR department those whose 属地 lies within its region.
    private func sees(_ unitID: String, _ context: RequestContext) async throws -> Bool {
        guard let session = context.caller.session, session.role == .hrDepartment else {
            return try context.caller.officer().unit.id == unitID
        }
        guard !unitID.isEmpty, let own = Region(code: session.region) else { return false }
        do throws(RPCError) {
            let unit = try await identity.describeUnit(
                Identity.DescribeUnitRequest(unitID: unitID))
            return Region(code: unit.region).map { own.covers($0) } ?? false
        } catch {
            guard error.code == .notFound else { throw error }
            return false
        }
    }
}
