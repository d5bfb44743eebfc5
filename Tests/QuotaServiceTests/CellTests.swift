import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import QuotaService

extension QuotaTests {
    /// The machine quota_record through the service: every (state, event, role); what is refused changes nothing.
    @Suite struct CellTests {
        enum State: CaseIterable, Sendable {
            case draft, confirmed, superseded
        }

        enum Event: CaseIterable, Sendable {
            case edit, delete, upload, submit, supplement, supersede

            var isOfDepartment: Bool { self == .supplement || self == .supersede }
        }

        /// The code that the event is refused with; nil when it happens.
        private func expected(_ state: State, _ event: Event, _ person: Person) -> RPCCode? {
            switch (person, event.isOfDepartment) {
            case (.admin, false): state == .draft ? nil : .failedPrecondition
            case (.department, true), (.province, true):
                state == .confirmed ? nil : .failedPrecondition
            case (.elsewhere, true), (.stranger, false): .notFound
            // Its own guard comes first: a company has no posts to be approved.
            case (.company, false): event == .edit ? .permissionDenied : .notFound
            default: .permissionDenied
            }
        }

        @Test(arguments: State.allCases) func everyCell(_ state: State) async throws {
            let harness = try Harness()
            var year: Int32 = 2001
            var record = try await make(state, year, harness)
            for person in Person.allCases {
                for event in Event.allCases {
                    let before = try harness.state()
                    let code = await attempt(event, record, harness.quota(person))
                    let expected = expected(state, event, person)
                    #expect(code == expected, "\(state) \(event) \(person)")
                    guard expected == nil else {
                        #expect(try harness.state() == before, "\(state) \(event) \(person)")
                        continue
                    }
                    try await check(event, record, harness)
                    year += 1
                    record = try await make(state, year, harness)
                }
            }
            try harness.checkLedger()
        }

        private func make(
            _ state: State, _ year: Int32, _ harness: Harness
        ) async throws -> Quota.Record {
            if state == .draft {
                let draft = try await harness.admin.saveRecord(
                    Quota.SaveRecordRequest(year: year, vacancies: vacancies([1, 1, 1, 1])))
                _ = try await harness.admin.uploadApprovalForm(
                    Quota.UploadApprovalFormRequest(recordID: draft.id, file: .form))
                return draft
            }
            let record = try await harness.confirmed([1, 1, 1, 1], year: year)
            guard state == .superseded else { return record }
            _ = try await harness.supersede(record.id, [2, 2, 2, 2])
            return try await harness.admin.getRecord(Quota.GetRecordRequest(id: record.id))
        }

        /// What the event is to leave.
        private func check(
            _ event: Event, _ record: Quota.Record, _ harness: Harness
        ) async throws {
            let get = Quota.GetRecordRequest(id: record.id)
            guard event != .delete else {
                let gone = try await refusal { try await harness.admin.getRecord(get) }
                #expect(gone.code == .notFound)
                return
            }
            let now = try await harness.admin.getRecord(get)
            switch event {
            case .edit: #expect(now.state == .draft && now.version == record.version + 1)
            case .upload: #expect(now.state == .draft && now.version == record.version)
            case .submit, .supplement:
                #expect(now.state == .confirmed && now.version == record.version + 1)
            default: #expect(now.state == .superseded)
            }
        }

        private func attempt(
            _ event: Event, _ record: Quota.Record, _ client: Quota.QuotaClient
        ) async -> RPCCode? {
            do {
                switch event {
                case .edit:
                    _ = try await client.saveRecord(
                        .init(
                            id: record.id, expectedVersion: record.version, year: record.year,
                            vacancies: vacancies([1, 2, 3, nil])))
                case .delete:
                    _ = try await client.deleteRecord(
                        .init(id: record.id, expectedVersion: record.version))
                case .upload:
                    _ = try await client.uploadApprovalForm(
                        .init(recordID: record.id, file: .form))
                case .submit:
                    _ = try await client.submitRecord(
                        .init(id: record.id, expectedVersion: record.version))
                case .supplement:
                    _ = try await client.supplementRecord(
                        .init(
                            id: record.id, expectedVersion: record.version,
                            changes: [Quota.LevelChange(level: .junior, change: 1)],
                            reason: "编制调整", document: .form))
                case .supersede:
                    _ = try await client.supersedeRecord(
                        .init(
                            id: record.id, expectedVersion: record.version,
                            vacancies: vacancies([1, 2, 3, nil]), reason: "核准有误", document: .form))
                }
                return nil
            } catch {
                return error.code
            }
        }
    }
}
