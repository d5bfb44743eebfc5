import Messages
import RPC
import ServiceStubs
import Testing

@testable import DeclarationService

/// Q4: what an approval leaves, seen before it is decided.
struct OutlookTests {
    private func outlook(
        _ harness: Harness, _ id: String, by token: [UInt8]
    ) async throws -> Declaration.VacancyOutlook? {
        try await harness.declarations(token).get(Declaration.GetDeclarationRequest(id: id))
            .vacancies
    }

    @Test func afterThisAndAfterAllPending() async throws {
        try await Harness.run { harness in
            harness.quota.vacancies = 3
            let plan = try await harness.plan()
            var lastYear = Declaration.Plan.engineering
            (lastYear.year, lastYear.name) = (2021, "2021年—福州市工程系列中级职称评审委员会")
            let earlier = try await harness.plan(lastYear)
            let officer = harness.officer("陈经办")
            let first = try await harness.ready(harness.applicant(1), plan, by: officer)
            for n in 2...4 { _ = try await harness.submitted(harness.applicant(n), plan) }
            // Not of this year; not of this unit; nobody's yet; said 否.
            _ = try await harness.submitted(harness.applicant(5), earlier)
            _ = try await harness.submitted(harness.applicant(6, of: .company), plan)
            _ = try await harness.draft(harness.applicant(7), plan)
            let free = try await harness.ready(
                harness.applicant(8), plan, by: officer, occupies: false)
            let seen = try #require(try await outlook(harness, first.id, by: officer))
            #expect(
                seen.facts
                    == Common.VacancyFacts(
                        year: 2022, level: .intermediate, approved: 3, recommended: 0))
            #expect(!seen.holds && seen.pending == 3)
            #expect(seen.afterThis == 2 && seen.afterAll == -1)
            // The next one sees the first as taken, and itself no more among the pending ones.
            _ = try await harness.decide(first, .approved, by: officer)
            #expect(try await outlook(harness, first.id, by: officer) == nil, "decided")
            let next = try #require(try await outlook(harness, free.id, by: officer))
            #expect(next.facts?.recommended == 1 && next.pending == 3)
            #expect(next.afterThis == 1 && next.afterAll == -2)
        }
    }

    @Test func whoHasNoPostsSeesNone() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let applicant = harness.applicant(1)
            let row = try await harness.submitted(applicant, plan)
            #expect(try await outlook(harness, row.id, by: applicant.token) == nil)
            let other = try await harness.submitted(harness.applicant(2, of: .company), plan)
            let company = harness.officer("林经办", of: .company)
            #expect(try await outlook(harness, other.id, by: company) == nil)
            #expect(harness.quota.calls("GetVacancies") == 0)
        }
    }

    /// The detail is answered all the same, and says so.
    @Test(arguments: [Mood.fails, .stalls, .refuses(.internalError)])
    func withoutTheLedger(_ mood: Mood) async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.submitted(harness.applicant(1), plan)
            harness.quota.mood = mood
            let seen = try #require(try await outlook(harness, row.id, by: officer))
            #expect(seen.unavailable && seen.facts == nil)
            harness.quota.mood = .answers
            #expect(try await outlook(harness, row.id, by: officer)?.unavailable == false)
        }
    }

    @Test func unlimitedAndNothingApproved() {
        let unlimited = Declaration.VacancyOutlook(
            Quota.GetVacanciesReply(
                year: 2022, confirmed: true,
                levels: [Quota.LevelVacancies(level: .junior, unlimited: true, reserved: 4)]),
            .junior, holds: false, pending: 7)
        #expect(unlimited.facts?.unlimited == true && unlimited.facts?.recommended == 4)
        #expect(unlimited.afterThis == 0 && unlimited.afterAll == 0)
        let none = Declaration.VacancyOutlook(
            Quota.GetVacanciesReply(year: 2022), .junior, holds: false, pending: 2)
        #expect(none.facts?.noRecord == true && none.afterThis == -1 && none.afterAll == -3)
        let held = Declaration.VacancyOutlook(
            Quota.GetVacanciesReply(
                year: 2022, confirmed: true,
                levels: [Quota.LevelVacancies(level: .junior, approved: 1, reserved: 1)]),
            .junior, holds: true, pending: 0)
        #expect(held.afterThis == 0 && held.afterAll == 0, "its own vacancy is taken already")
    }
}
