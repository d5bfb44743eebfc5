import Attachments
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
    let ids: @Sendable () -> String

    // MARK: records

    func listRecords(
        _ request: Quota.ListRecordsRequest, context: RequestContext
    ) async throws -> Quota.ListRecordsReply {
        let unit = try context.caller.officer().unit.id
        let bounds = try PageBounds(request.page)
        let (found, total) = try database.fetch { rows in
            (
                try QuotaStore.records(unit: unit, bounds, rows),
                try QuotaStore.count(unit: unit, rows)
            )
        }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: Int64($0.year), id: $0.id)
        }
        return Quota.ListRecordsReply(
            records: page.map(\.message), nextCursor: next, total: total)
    }

    func getRecord(
        _ request: Quota.GetRecordRequest, context: RequestContext
    ) async throws -> Quota.Record {
        try ownRecord(request.id, context).message
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
        guard let form = try ownRecord(request.recordID, context).form else {
            throw RPCError(code: .notFound, message: "岗位核准信息没有附件")
        }
        try await attachments.send(form, to: replies)
    }

    // MARK: vacancies

    func getVacancies(
        _ request: Quota.GetVacanciesRequest, context: RequestContext
    ) async throws -> Quota.GetVacanciesReply {
        let unit: String
        if let session = context.caller.session, session.role != .hrDepartment {
            unit = try context.caller.officer().unit.id
            guard request.unitID.isEmpty || request.unitID == unit else {
                throw RPCError(code: .notFound, message: "单位不存在")
            }
        } else {
            unit = request.unitID
        }
        let record = try database.fetch { rows in
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

    private func ownRecord(
        _ id: String, _ context: RequestContext
    ) throws -> StoredRecord {
        let unit = try context.caller.officer().unit.id
        guard
            let record = try database.fetch({ rows in
                try QuotaStore.record(id, unit: unit, rows)
            })
        else { throw RPCError(serviceError: Refusal.notFound("岗位核准信息")) }
        return record
    }
}
