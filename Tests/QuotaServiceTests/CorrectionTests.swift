import Messages
import RPC
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import QuotaService

extension QuotaTests {
    /// Q2: what was submitted stays; the HR department of the jurisdiction supplements it or puts another in its place.
    @Suite struct CorrectionTests {
        @Test func aSupplementLeavesTheRecordAsItWas() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([0, 1, 1, nil])
            _ = try await harness.reserve(1)
            #expect(try await harness.reserve(2).state == .refused)
            let more = try await harness.supplement(
                record.id, [(.intermediate, 2), (.seniorAssociate, -1)])
            #expect(more.vacancies == record.vacancies && more.state == .confirmed)
            #expect(more.approved == vacancies([0, 0, 3, nil]) && more.recommended == 1)
            #expect(more.version == record.version + 1 && more.edition == 1)
            let supplement = try #require(more.supplements.first)
            #expect(more.supplements.count == 1 && supplement.number == 1)
            #expect(supplement.reason == "编制调整" && supplement.issuedByName == "department")
            let counts = try await harness.counts()
            #expect(counts.approved == 3 && counts.reserved == 1 && counts.remaining == 2)
            #expect(try await harness.reserve(3).state == .reserved)
            // The unit and both departments see the same, with the document.
            for person in [Person.reviewer, .department, .province] {
                let client = harness.quota(person)
                var seen = try await client.getRecord(Quota.GetRecordRequest(id: record.id))
                #expect(seen.recommended == 2)
                seen.recommended = 1
                #expect(seen == more)
                let file = try await client.downloadApprovalForm(
                    Quota.DownloadApprovalFormRequest(
                        recordID: record.id, supplementID: supplement.id), atMost: 1_000)
                #expect(file.attachment == supplement.document)
                #expect(file.content == Common.FileUpload.form.content)
                let list = try await client.listRecords(
                    Quota.ListRecordsRequest(
                        unitID: person == .reviewer ? "" : "unit-1"))
                #expect(list.records.map(\.supplements) == [[supplement]])
            }
            try harness.checkLedger()
        }

        @Test func aSupersedingRecordTakesOverWhatIsTaken() async throws {
            let harness = try Harness()
            let first = try await harness.confirmed([0, 1, 3, nil])
            for number in 1...3 { _ = try await harness.reserve(number) }
            _ = try await harness.reserve(4, level: .junior)
            _ = try await harness.confirm(1)
            #expect(try await harness.consume(1) == .consumed)
            let second = try await harness.supersede(first.id, [nil, 0, 3, 5])
            #expect(second.id != first.id && second.edition == 2 && second.year == 2022)
            #expect(second.state == .confirmed && second.recommended == 4)
            #expect(second.reason == "核准有误" && second.issuedByName == "department")
            #expect(second.approvalForm?.id == second.id)
            let old = try await harness.admin.getRecord(Quota.GetRecordRequest(id: first.id))
            #expect(old.state == .superseded && old.recommended == 0)
            #expect(old.vacancies == first.vacancies && old.approvalForm == first.approvalForm)
            // Both are in the list, the newest edition first; the vacancies are those of the new one.
            var cursor: [UInt8] = []
            var editions: [Int32] = []
            repeat {
                let page = try await harness.admin.listRecords(
                    Quota.ListRecordsRequest(page: Common.PageRequest(size: 1, cursor: cursor)))
                editions += page.records.map(\.edition)
                cursor = page.nextCursor
            } while !cursor.isEmpty
            #expect(editions == [2, 1])
            let counts = try await harness.counts()
            #expect(counts.approved == 3 && counts.reserved == 2 && counts.consumed == 1)
            // Reservations made before go on as if nothing had happened.
            #expect(try await harness.release(2) == .released)
            #expect(try await harness.reserve(5).state == .reserved)
            #expect(try await harness.reserve(6).state == .refused)
            #expect(try await harness.confirm(3) == .confirmed)
            #expect(try await harness.consume(3) == .consumed)
            #expect(try await harness.release(4) == .released)
            try harness.checkLedger()
            let error = try await refusal { try await harness.supersede(first.id, [9, 9, 9, 9]) }
            #expect(error.code == .failedPrecondition && error.message.contains("更正件"))
            // The unit cannot begin anew either.
            let again = try await refusal {
                try await harness.admin.saveRecord(
                    Quota.SaveRecordRequest(year: 2022, vacancies: vacancies([1, 1, 1, 1])))
            }
            #expect(again.code == .alreadyExists)
        }

        @Test func nothingGoesBelowWhatIsTaken() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([0, 0, 3, nil])
            for number in 1...2 { _ = try await harness.reserve(number) }
            _ = try await harness.reserve(3, level: .junior)
            let before = try harness.state()
            let errors = [
                try await refusal {
                    try await harness.supplement(record.id, [(.intermediate, -2)])
                },
                try await refusal { try await harness.supplement(record.id, [(.seniorFull, -1)]) },
                try await refusal {
                    try await harness.supplement(
                        record.id, [(.seniorFull, 5), (.intermediate, -2)])
                },
                try await refusal {
                    try await harness.supplement(record.id, [(.intermediate, 100_000)])
                },
                try await refusal { try await harness.supersede(record.id, [0, 0, 1, nil]) },
                try await refusal { try await harness.supersede(record.id, [0, 0, 2, 0]) },
            ]
            #expect(errors.allSatisfy { $0.code == .failedPrecondition })
            let facts = errors.compactMap { error in
                error.details.compactMap { try? $0.decode(as: Common.VacancyFacts.self) }.first
            }
            #expect(facts.map(\.recommended) == [2, 0, 2, 2, 2, 1])
            #expect(try harness.state() == before)
            #expect(
                try await harness.supplement(record.id, [(.intermediate, -1)]).state == .confirmed)
            #expect(try await harness.supersede(record.id, [0, 0, 2, 1]).recommended == 3)
            try harness.checkLedger()
        }

        @Test func everyFaultIsNamed() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([0, 0, 3, nil])
            let department = harness.quota(.department)
            func fields(_ request: Quota.SupplementRecordRequest) async throws -> [String] {
                let error = try await refusal { try await department.supplementRecord(request) }
                #expect(error.code == .invalidArgument)
                return error.fields
            }
            var request = Quota.SupplementRecordRequest(
                id: record.id, expectedVersion: record.version, document: .form)
            #expect(try await fields(request) == ["reason", "changes"])
            request.reason = String(repeating: "长", count: 501)
            request.changes = [
                Quota.LevelChange(level: .junior, change: 1),
                Quota.LevelChange(level: .intermediate, change: 0),
                Quota.LevelChange(level: .intermediate, change: .max),
                Quota.LevelChange(level: .unrecognized(7), change: 1),
            ]
            #expect(
                try await fields(request) == [
                    "reason", "changes", "changes.4", "changes.3", "changes.3", "changes.7",
                ])
            request.document = nil
            #expect(try await fields(request) == ["document"])
            let wrong = try await refusal {
                try await department.supersedeRecord(
                    Quota.SupersedeRecordRequest(
                        id: record.id, expectedVersion: record.version,
                        vacancies: vacancies([-1, 1]), document: .form))
            }
            #expect(wrong.fields == ["reason", "vacancies.1", "vacancies.3", "vacancies.4"])
            #expect(try harness.number("SELECT count(*) FROM supplements") == 0)
        }

        @Test func anotherJurisdictionsRecordIsNotFound() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([0, 0, 3, nil])
            let before = try harness.state()
            let client = harness.quota(.elsewhere)
            for id in [record.id, "unknown", ""] {
                let errors = [
                    try await refusal {
                        try await client.getRecord(Quota.GetRecordRequest(id: id))
                    },
                    try await refusal {
                        try await client.downloadApprovalForm(
                            Quota.DownloadApprovalFormRequest(recordID: id), atMost: 1_000)
                    },
                    try await refusal {
                        try await client.supplementRecord(
                            Quota.SupplementRecordRequest(id: id, expectedVersion: record.version))
                    },
                    try await refusal {
                        try await client.supersedeRecord(
                            Quota.SupersedeRecordRequest(id: id, expectedVersion: record.version))
                    },
                ]
                #expect(errors.allSatisfy { $0.code == .notFound })
                #expect(Set(errors.map(\.message)) == ["岗位核准信息不存在"])
            }
            for unit in ["unit-1", "unknown", ""] {
                let list = try await refusal {
                    try await client.listRecords(Quota.ListRecordsRequest(unitID: unit))
                }
                let vacancies = try await refusal {
                    try await client.getVacancies(
                        Quota.GetVacanciesRequest(year: 2022, unitID: unit))
                }
                #expect(list.code == .notFound && vacancies.code == .notFound)
            }
            #expect(try harness.state() == before)
            // A unit may name itself, and no other.
            let own = try await harness.admin.listRecords(
                Quota.ListRecordsRequest(unitID: "unit-1"))
            #expect(own.total == 1)
            let foreign = try await refusal {
                try await harness.admin.listRecords(Quota.ListRecordsRequest(unitID: "unit-2"))
            }
            #expect(foreign.code == .notFound)
        }

        /// I10: who corrects is on record first.
        @Test func nobodyUnknownCorrects() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([0, 0, 3, 2])
            let client = harness.quota(session: Person.department.unrecordedToken)
            let refused = try await refusal {
                try await client.supplementRecord(
                    Quota.SupplementRecordRequest(id: record.id, expectedVersion: record.version))
            }
            #expect(refused.code == .failedPrecondition)
            #expect(refused.message.contains("登记经办人"))
        }

        @Test func aRepeatIsTheSameCorrection() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([0, 0, 3, nil])
            let key = CallOptions.key(.random())
            let request = Quota.SupplementRecordRequest(
                id: record.id, expectedVersion: record.version,
                changes: [Quota.LevelChange(level: .intermediate, change: 1)], reason: "补充",
                document: .form)
            let department = harness.quota(.department)
            let first = try await department.supplementRecord(request, options: key)
            #expect(try await department.supplementRecord(request, options: key) == first)
            let stale = try await refusal { try await department.supplementRecord(request) }
            #expect(stale.code == .aborted)
            #expect(try await harness.counts().approved == 4)
            #expect(
                try harness.rows("SELECT action FROM audit ORDER BY sequence").suffix(2).map {
                    try $0.text("action")
                } == ["quota.record.submit", "quota.record.supplement"])
        }

        /// Q3's invariant at every prefix, whatever is corrected between the steps of declarations.
        @Test(arguments: 1...4) func anyOrderOfCorrectionsAndSteps(seed: UInt64) async throws {
            let harness = try Harness()
            var record = try await harness.confirmed([0, 0, 3, 2])
            var generator = SeededNumbers(seed)
            for _ in 0..<120 {
                let number = Int.random(in: 0..<12, using: &generator)
                let level = number % 3 == 0 ? Common.QuotaLevel.junior : .intermediate
                // Refusals are part of it: what they leave is checked below.
                switch Int.random(in: 0..<8, using: &generator) {
                case 0, 1, 2: _ = try await harness.reserve(number, level: level)
                case 3: _ = try? await harness.confirm(number)
                case 4: _ = try? await harness.release(number)
                case 5: _ = try? await harness.consume(number)
                case 6:
                    let change = Int64.random(in: -2...2, using: &generator)
                    if let done = try? await harness.supplement(record.id, [(level, change)]) {
                        record = done
                    }
                default:
                    let counts =
                        [0, 0]
                        + (0..<2).map { _ in
                            Int.random(in: 0..<9, using: &generator) == 0
                                ? nil : Int64.random(in: 0...5, using: &generator)
                        }
                    if let done = try? await harness.supersede(record.id, counts) { record = done }
                }
                for level in try harness.rows("SELECT * FROM record_levels WHERE unlimited = 0") {
                    let taken = try level.integer("reserved") + level.integer("consumed")
                    #expect(try (0...level.integer("approved")).contains(taken))
                }
            }
            #expect(try harness.number("SELECT count(*) FROM ledger WHERE cause IS NOT NULL") > 0)
            try harness.checkLedger()
        }
    }
}

extension Harness {
    /// Everything that a refusal must leave alone.
    func state() throws -> [String] {
        try ["records", "record_levels", "supplements", "ledger", "reservations"].map {
            try rows("SELECT * FROM \($0)").map { row in
                (0..<row.count).map { "\(row[$0])" }.joined(separator: "|")
            }.joined(separator: "\n")
        }
    }
}
