import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import QuotaService

extension QuotaTests {
    /// Q1 and Q2: one record per unit and year, every level given, never changed once submitted.
    @Suite struct RecordTests {
        private let levels: [Int64?] = [0, 2, nil, 100_000]

        @Test func theManualsRecord() async throws {
            let harness = try Harness()
            let draft = try await harness.admin.saveRecord(
                Quota.SaveRecordRequest(year: 2022, vacancies: vacancies(levels)))
            #expect(draft.state == .draft && draft.version == 1 && draft.unitID == "unit-1")
            #expect(draft.vacancies == vacancies(levels) && draft.recommended == 0)
            let edited = try await harness.admin.saveRecord(
                Quota.SaveRecordRequest(
                    id: draft.id, expectedVersion: 1, year: 2023,
                    vacancies: vacancies([nil, nil, nil, nil])))
            #expect(edited.id == draft.id && edited.version == 2 && edited.year == 2023)
            let form = try await harness.admin.uploadApprovalForm(
                Quota.UploadApprovalFormRequest(recordID: draft.id, file: .form))
            let confirmed = try await harness.admin.submitRecord(
                Quota.SubmitRecordRequest(id: draft.id, expectedVersion: 2))
            #expect(confirmed.state == .confirmed && confirmed.version == 3)
            #expect(confirmed.approvalForm == form && form.fileName == "岗位核准表.pdf")
            let read = try await harness.quota(.reviewer).getRecord(
                Quota.GetRecordRequest(id: draft.id))
            #expect(read == confirmed)
            let file = try await harness.quota(.reviewer).downloadApprovalForm(
                Quota.DownloadApprovalFormRequest(recordID: draft.id), atMost: 1_000)
            #expect(file.attachment == form && file.content == Common.FileUpload.form.content)
            #expect(
                try harness.rows("SELECT action FROM audit ORDER BY sequence").map {
                    try $0.text("action")
                } == [
                    "quota.record.save", "quota.record.save", "quota.record.attach",
                    "quota.record.submit",
                ])
        }

        @Test func everyFaultIsNamed() async throws {
            let harness = try Harness()
            func fields(_ year: Int32, _ given: [Quota.Vacancies]) async throws -> [String] {
                let error = try await refusal {
                    try await harness.admin.saveRecord(
                        Quota.SaveRecordRequest(year: year, vacancies: given))
                }
                #expect(error.code == .invalidArgument && error.verdict == .never)
                return error.fields
            }
            let all = ["vacancies.1", "vacancies.2", "vacancies.3", "vacancies.4"]
            #expect(try await fields(1999, []) == ["year"] + all)
            #expect(try await fields(2101, vacancies([1, 1, 1, 1])) == ["year"])
            #expect(try await fields(2022, vacancies([-1, 100_001, .min, .max])) == all)
            #expect(try await fields(2022, vacancies([1, 1])) == ["vacancies.3", "vacancies.4"])
            #expect(
                try await fields(2022, vacancies(levels) + vacancies([1])) == ["vacancies.1"],
                "twice")
            var odd = vacancies(levels)
            odd[2].count = 3
            #expect(try await fields(2022, odd) == ["vacancies.3"], "不限 and a count")
            odd = vacancies(levels) + [Quota.Vacancies(level: .unrecognized(9), count: 1)]
            #expect(try await fields(2022, odd) == ["vacancies"])
            let labels = try await refusal {
                try await harness.admin.saveRecord(Quota.SaveRecordRequest(year: 2022))
            }.message
            #expect(labels == "请检查：正高级职称、副高级职称、中级职称、初级职称")
            #expect(try harness.number("SELECT count(*) FROM records") == 0)
        }

        @Test func oneRecordPerUnitAndYear() async throws {
            let harness = try Harness()
            let request = Quota.SaveRecordRequest(year: 2022, vacancies: vacancies(levels))
            let first = try await harness.admin.saveRecord(request)
            let second = try await refusal { try await harness.admin.saveRecord(request) }
            #expect(second.code == .alreadyExists)
            var other = request
            other.year = 2021
            let draft = try await harness.admin.saveRecord(other)
            (other.id, other.year, other.expectedVersion) = (draft.id, 2022, draft.version)
            let moved = try await refusal { try await harness.admin.saveRecord(other) }
            #expect(moved.code == .alreadyExists)
            _ = try await harness.quota(.stranger).saveRecord(request)
            // A deleted draft makes room.
            _ = try await harness.admin.deleteRecord(
                Quota.DeleteRecordRequest(id: first.id, expectedVersion: 1))
            _ = try await harness.admin.saveRecord(request)
            #expect(try harness.number("SELECT count(*) FROM record_levels") == 12)
        }

        @Test func theRaceForAYearHasOneWinner() async throws {
            let harness = try Harness()
            let winners = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        (try? await harness.admin.saveRecord(
                            Quota.SaveRecordRequest(year: 2022, vacancies: vacancies(levels))))
                            != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        }

        @Test func aRepeatIsTheSameChange() async throws {
            let harness = try Harness()
            let key = CallOptions.key(.random())
            let request = Quota.SaveRecordRequest(year: 2022, vacancies: vacancies(levels))
            let first = try await harness.admin.saveRecord(request, options: key)
            #expect(try await harness.admin.saveRecord(request, options: key) == first)
            var other = request
            other.year = 2023
            let error = try await refusal {
                try await harness.admin.saveRecord(other, options: key)
            }
            #expect(error.code == .failedPrecondition)
            #expect(try harness.number("SELECT count(*) FROM records") == 1)
        }

        @Test func companiesHaveNone() async throws {
            let harness = try Harness()
            let error = try await refusal {
                try await harness.quota(.company).saveRecord(
                    Quota.SaveRecordRequest(year: 2022, vacancies: vacancies(levels)))
            }
            #expect(error.code == .permissionDenied)
        }

        @Test func theFormIsOneFileOfTheFourKinds() async throws {
            let harness = try Harness()
            let draft = try await harness.admin.saveRecord(
                Quota.SaveRecordRequest(year: 2022, vacancies: vacancies(levels)))
            func upload(_ name: String, _ content: [UInt8]) async throws -> Common.Attachment {
                try await harness.admin.uploadApprovalForm(
                    Quota.UploadApprovalFormRequest(
                        recordID: draft.id,
                        file: Common.FileUpload(fileName: name, content: content)))
            }
            let pdf = Common.FileUpload.form.content
            let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            for (name, content) in [
                ("a.png", png), ("a.exe", pdf), ("a.jpg", pdf), ("a.pdf", []), ("", pdf),
                ("a/b.pdf", pdf),
            ] {
                let error = try await refusal { try await upload(name, content) }
                #expect(error.code == .invalidArgument && error.fields == ["file"])
            }
            let missing = try await refusal {
                try await harness.admin.downloadApprovalForm(
                    Quota.DownloadApprovalFormRequest(recordID: draft.id), atMost: 1_000)
            }
            #expect(missing.code == .notFound)
            let early = try await refusal {
                try await harness.admin.submitRecord(
                    Quota.SubmitRecordRequest(id: draft.id, expectedVersion: 1))
            }
            #expect(early.fields == ["approval_form"])
            _ = try await upload("first.pdf", pdf)
            _ = try await upload("second.jpg", [0xFF, 0xD8, 0xFF, 1])
            let record = try await harness.admin.getRecord(Quota.GetRecordRequest(id: draft.id))
            #expect(record.approvalForm?.fileName == "second.jpg" && record.version == 1)
        }

        @Test func anotherUnitsRecordIsNotFound() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed(levels)
            let draft = try await harness.admin.saveRecord(
                Quota.SaveRecordRequest(year: 2023, vacancies: vacancies(levels)))
            let stranger = harness.quota(.stranger)
            for id in [record.id, draft.id, "unknown"] {
                let errors = [
                    try await refusal {
                        try await stranger.getRecord(Quota.GetRecordRequest(id: id))
                    },
                    try await refusal {
                        try await stranger.saveRecord(
                            Quota.SaveRecordRequest(
                                id: id, expectedVersion: 1, year: 2022,
                                vacancies: vacancies(levels)))
                    },
                    try await refusal {
                        try await stranger.submitRecord(
                            Quota.SubmitRecordRequest(id: id, expectedVersion: 1))
                    },
                    try await refusal {
                        try await stranger.deleteRecord(
                            Quota.DeleteRecordRequest(id: id, expectedVersion: 1))
                    },
                    try await refusal {
                        try await stranger.uploadApprovalForm(
                            Quota.UploadApprovalFormRequest(recordID: id, file: .form))
                    },
                    try await refusal {
                        try await stranger.downloadApprovalForm(
                            Quota.DownloadApprovalFormRequest(recordID: id), atMost: 1_000)
                    },
                ]
                #expect(errors.allSatisfy { $0.code == .notFound })
                #expect(Set(errors.map(\.message)) == ["岗位核准信息不存在"])
            }
            #expect(try await stranger.listRecords(Quota.ListRecordsRequest()).total == 0)
            let foreign = try await refusal {
                try await stranger.getVacancies(
                    Quota.GetVacanciesRequest(year: 2022, unitID: "unit-1"))
            }
            #expect(foreign.code == .notFound)
        }

        @Test func theListIsPagedByYear() async throws {
            let harness = try Harness()
            for year in [2019, 2022, 2020, 2021, 2018] as [Int32] {
                _ = try await harness.admin.saveRecord(
                    Quota.SaveRecordRequest(year: year, vacancies: vacancies(levels)))
            }
            var years: [Int32] = []
            var cursor: [UInt8] = []
            repeat {
                let page = try await harness.quota(.reviewer).listRecords(
                    Quota.ListRecordsRequest(page: Common.PageRequest(size: 2, cursor: cursor)))
                #expect(page.total == 5)
                years += page.records.map(\.year)
                cursor = page.nextCursor
            } while !cursor.isEmpty
            #expect(years == [2022, 2021, 2020, 2019, 2018])
            let over = try await refusal {
                try await harness.admin.listRecords(
                    Quota.ListRecordsRequest(page: Common.PageRequest(size: 201)))
            }
            #expect(over.code == .invalidArgument)
        }
    }
}
