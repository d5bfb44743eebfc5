import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import QuotaService

extension QuotaTests {
    /// The machine quota_record, cell by cell, and who may call what.
    @Suite struct StateTests {
        /// What a record may be like.
        enum Cell: CaseIterable, Sendable {
            case none, draft, draftWithForm, confirmed, superseded

            var record: StoredRecord? {
                guard self != .none else { return nil }
                let state: Quota.RecordState =
                    self == .confirmed ? .confirmed : self == .superseded ? .superseded : .draft
                return StoredRecord(
                    id: "record", unitID: "unit-1", year: 2022, state: state, version: 4,
                    createdMilliseconds: 1, form: self == .draft ? nil : Common.Attachment(id: "f"),
                    levels: Common.QuotaLevel.all.map {
                        StoredLevel(
                            level: $0, unlimited: false, approved: 1, reserved: 0, consumed: 0,
                            entries: 0)
                    })
            }
        }

        enum Event: CaseIterable, Sendable {
            case edit, delete, submit, attach
            /// By the HR department.
            case supplement, supersede

            var isOfUnit: Bool { self != .supplement && self != .supersede }
        }

        /// The code that an event is refused with; nil = done.
        private func refused(
            _ event: Event, _ cell: Cell, version: Int64 = 4
        ) throws -> UInt32? {
            let officer = try Person.admin.officer()
            let now = Timestamp(milliseconds: 5)
            let issue = Issue(
                personID: "department", name: "人社局", document: Common.Attachment(id: "new"))
            do {
                switch event {
                case .edit:
                    let plan = try SaveRecord(
                        officer: officer,
                        request: Quota.SaveRecordRequest(
                            id: "record", expectedVersion: version, year: 2022,
                            vacancies: vacancies([1, 2, 3, nil])), newID: "new"
                    ).decide(.init(existing: cell.record, sameYear: cell.record), at: now)
                    #expect(plan.reply.state == .draft && plan.reply.version == 5)
                case .delete:
                    _ = try DeleteRecord(
                        officer: officer,
                        request: Quota.DeleteRecordRequest(id: "record", expectedVersion: version)
                    ).decide(cell.record, at: now)
                case .submit:
                    let plan = try SubmitRecord(
                        officer: officer,
                        request: Quota.SubmitRecordRequest(id: "record", expectedVersion: version)
                    ).decide(cell.record, at: now)
                    #expect(plan.reply.state == .confirmed && plan.reply.version == 5)
                case .attach:
                    _ = try AttachForm(
                        officer: officer, recordID: "record", form: Common.Attachment(id: "f")
                    ).decide(cell.record, at: now)
                case .supplement:
                    let plan = try SupplementRecord(
                        issue: issue,
                        request: Quota.SupplementRecordRequest(
                            id: "record", expectedVersion: version,
                            changes: [Quota.LevelChange(level: .junior, change: 2)], reason: "x")
                    ).decide(cell.record.map { .init(record: $0, supplements: []) }, at: now)
                    #expect(plan.reply.state == .confirmed && plan.reply.version == 5)
                    #expect(plan.reply.vacancies == vacancies([1, 1, 1, 1]))
                    #expect(plan.reply.approved == vacancies([1, 1, 1, 3]))
                case .supersede:
                    let plan = try SupersedeRecord(
                        issue: issue,
                        request: Quota.SupersedeRecordRequest(
                            id: "record", expectedVersion: version,
                            vacancies: vacancies([1, 2, 3, nil]), reason: "x")
                    ).decide(cell.record, at: now)
                    #expect(plan.reply.state == .confirmed && plan.reply.edition == 2)
                    #expect(plan.reply.id == "new" && plan.reply.version == 1)
                }
                return nil
            } catch {
                return error.code
            }
        }

        @Test func everyCell() throws {
            for event in Event.allCases {
                #expect(try refused(event, .none) == 5, "\(event)")
                #expect(try refused(event, .superseded) == 9, "\(event)")
                guard event.isOfUnit else {
                    #expect(try refused(event, .draft) == 9, "\(event)")
                    #expect(try refused(event, .draftWithForm) == 9, "\(event)")
                    #expect(try refused(event, .confirmed) == nil, "\(event)")
                    #expect(try refused(event, .confirmed, version: 3) == 10, "\(event)")
                    continue
                }
                #expect(try refused(event, .draft) == (event == .submit ? 3 : nil), "\(event)")
                #expect(try refused(event, .draftWithForm) == nil, "\(event)")
                #expect(try refused(event, .confirmed) == 9, "\(event)")
                // A form is no part of what a version says.
                let stale: UInt32? = event == .attach ? nil : 10
                #expect(try refused(event, .draftWithForm, version: 3) == stale, "\(event)")
            }
        }

        @Test func aSubmittedRecordNeverChanges() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([1, 1, 1, 1])
            let before = try harness.rows("SELECT * FROM records").map { try $0.integer("version") }
            let errors = [
                try await refusal {
                    try await harness.admin.saveRecord(
                        Quota.SaveRecordRequest(
                            id: record.id, expectedVersion: record.version, year: 2022,
                            vacancies: vacancies([9, 9, 9, 9])))
                },
                try await refusal {
                    try await harness.admin.submitRecord(
                        Quota.SubmitRecordRequest(id: record.id, expectedVersion: record.version))
                },
                try await refusal {
                    try await harness.admin.deleteRecord(
                        Quota.DeleteRecordRequest(id: record.id, expectedVersion: record.version))
                },
                try await refusal {
                    try await harness.admin.uploadApprovalForm(
                        Quota.UploadApprovalFormRequest(recordID: record.id, file: .form))
                },
            ]
            #expect(errors.allSatisfy { $0.code == .failedPrecondition })
            #expect(
                try await harness.admin.getRecord(Quota.GetRecordRequest(id: record.id)) == record)
            #expect(
                try harness.rows("SELECT * FROM records").map { try $0.integer("version") }
                    == before)
        }

        /// Every method, by everybody: what the rule lets through is not refused for the person.
        @Test func whoMayDoWhat() async throws {
            let harness = try Harness()
            let callers: [(name: String, client: Quota.QuotaClient)] =
                Person.allCases.map { ("\($0)", harness.quota($0)) } + [
                    ("nobody", harness.quota(nil)),
                    ("declaration-service", harness.declaration),
                    ("task-aggregator", harness.quota(as: "task-aggregator")),
                    ("impostor", harness.quota(as: "declaration-service", isAuthenticated: false)),
                ]
            let officers: Set = ["admin", "reviewer", "stranger", "company"]
            let departments: Set = ["department", "elsewhere", "province"]
            let admins: Set = ["admin", "stranger", "company"]
            for (name, client) in callers {
                for method in Quota.QuotaMethod.allCases {
                    let allowed: Set<String> =
                        switch method {
                        case .listRecords, .getRecord, .downloadApprovalForm:
                            officers.union(departments)
                        case .supplementRecord, .supersedeRecord: departments
                        case .saveRecord, .deleteRecord, .submitRecord, .uploadApprovalForm: admins
                        case .getVacancies:
                            officers.union(departments).union(["declaration-service"])
                        case .reserve, .confirm, .release, .consume: ["declaration-service"]
                        }
                    let error = try await answer(method, client)
                    let isRefused = error.map {
                        [.permissionDenied, .unauthenticated].contains($0.code)
                            && !$0.message.contains("事业单位")
                    }
                    #expect(
                        (isRefused ?? false) != allowed.contains(name),
                        "\(method) by \(name): \(error.map(String.init(describing:)) ?? "done")")
                }
            }
        }

        /// What an empty request of the method comes to.
        private func answer(
            _ method: Quota.QuotaMethod, _ client: Quota.QuotaClient
        ) async throws -> RPCError? {
            do {
                switch method {
                case .listRecords: _ = try await client.listRecords(.init())
                case .getRecord: _ = try await client.getRecord(.init())
                case .saveRecord: _ = try await client.saveRecord(.init())
                case .deleteRecord: _ = try await client.deleteRecord(.init())
                case .submitRecord: _ = try await client.submitRecord(.init())
                case .uploadApprovalForm: _ = try await client.uploadApprovalForm(.init())
                case .downloadApprovalForm:
                    _ = try await client.downloadApprovalForm(.init(), atMost: 1)
                case .getVacancies: _ = try await client.getVacancies(.init())
                case .reserve: _ = try await client.reserve(.init())
                case .confirm: _ = try await client.confirm(.init())
                case .release: _ = try await client.release(.init())
                case .consume: _ = try await client.consume(.init())
                case .supplementRecord: _ = try await client.supplementRecord(.init())
                case .supersedeRecord: _ = try await client.supersedeRecord(.init())
                }
                return nil
            } catch {
                return error
            }
        }
    }
}
