import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import DeclarationService

/// 撤回, deleted drafts, and what lapses (D12).
struct WithdrawTests {
    @Test func takenBackFromTheUnit() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.submitted(person, plan)
            #expect(try await harness.waiting(officer).count == 1)
            let key = IdempotencyKey.random()
            for _ in 0..<2 {
                let detail = try await harness.withdraw(row, person, key: key)
                #expect(detail.row?.state == .withdrawn && detail.row?.status == "已撤回")
                #expect(detail.flow.last?.action == "撤回" && detail.flow.last?.opinion == "不再申报")
            }
            try await harness.drained()
            #expect(harness.archive.pinned.isEmpty)
            #expect(try await harness.waiting(officer).isEmpty)
            let views = try await harness.declarations(officer).list(.init()).views.map(\.count)
            #expect(views == [0, 0, 0, 0, 1])
            #expect(try await harness.tasks(officer).count(.init()).pending == 0)
            let late = try await refusal { try await harness.claim(row, by: officer) }
            #expect(late.code == .failedPrecondition)
            #expect(try await harness.submitted(person, plan).state == .unitPool, "no ban")
        }
    }

    @Test func takenBackFromTheSuperiorsGivesTheVacancyBack() async throws {
        try await Harness.run { harness in
            let person = harness.applicant(1)
            let id = try await harness.approved(person, harness.officer("陈经办"))
            #expect(harness.quota.held.count == 1)
            _ = try await harness.withdraw(harness.row(id, for: person.token), person)
            try await harness.drained()
            #expect(harness.quota.held.isEmpty && harness.archive.pinned.isEmpty)
            #expect(try await harness.waiting(harness.superior()).isEmpty)
        }
    }

    @Test func notWhileItIsDecidedAndNotFromTheExperts() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.ready(person, plan, by: officer)
            harness.quota.mood = .stalls
            // Whether its caller still learns that it waits, or its time runs out first: it waits.
            _ = try? await harness.decide(row, .approved, by: officer, timeout: .seconds(1))
            for _ in 0..<2_000 {
                if try await harness.row(row.id, for: officer).status == "办理中" { break }
                try await Task.sleep(for: .milliseconds(2))
            }
            let busy = try await refusal {
                try await harness.withdraw(harness.row(row.id, for: person.token), person)
            }
            #expect(busy.code == .aborted)
            harness.quota.mood = .answers
            try await harness.drained()
            _ = try await harness.bring(row.id, to: .expertReview)
            let late = try await refusal {
                try await harness.withdraw(harness.row(row.id, for: person.token), person)
            }
            #expect(late.code == .failedPrecondition)
            let stranger = harness.applicant(2)
            #expect(
                try await refusal { try await harness.withdraw(row, stranger) }.code == .notFound)
        }
    }

    @Test func draftsAreDeleted() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let client = harness.declarations(person.token)
            let draft = try await harness.draft(person, plan)
            let request = Declaration.DeleteDraftRequest(
                id: draft.row?.id ?? "", expectedVersion: draft.row?.version ?? 0)
            let wrong = try await refusal {
                try await client.deleteDraft(.init(id: request.id, expectedVersion: 9))
            }
            #expect(wrong.code == .aborted)
            _ = try await client.deleteDraft(request)
            #expect(
                try await refusal { try await client.get(.init(id: request.id)) }.code == .notFound)
            // One whose submission the archive refused.
            harness.archive.withdrawBeforePin = true
            let refused = try await harness.draft(person, plan)
            #expect(
                try await refusal { try await harness.submit(person, refused) }.code
                    == .failedPrecondition)
            let row = try await harness.row(refused.row?.id ?? "", for: person.token)
            _ = try await client.deleteDraft(.init(id: row.id, expectedVersion: row.version))
            #expect(try harness.number("SELECT count(*) FROM declarations") == 0)
            harness.archive.withdrawBeforePin = false
            let submitted = try await harness.submitted(person, plan)
            let kept = try await refusal {
                try await client.deleteDraft(
                    .init(id: submitted.id, expectedVersion: submitted.version))
            }
            #expect(kept.code == .failedPrecondition)
        }
    }

    @Test func whatIsNotCorrectedLapses() async throws {
        try await Harness.run { harness in
            var short = Declaration.Plan.engineering
            short.closeDay = "2022-04-20"
            let plan = try await harness.plan(short)
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            _ = try await harness.decide(row, .returned, by: officer)
            // Until 2022-05-05, the last day included.
            harness.clock.advance(by: .seconds(16 * 86_400))
            try await Task.sleep(for: .milliseconds(50))
            #expect(try await harness.row(row.id, for: person.token).state == .returnedToApplicant)
            harness.clock.advance(by: .seconds(86_400))
            for _ in 0..<1_000 {
                let state = try await harness.row(row.id, for: person.token).state
                if state == .lapsed { break }
                try await Task.sleep(for: .milliseconds(2))
            }
            let detail = try await harness.declarations(person.token).get(.init(id: row.id))
            #expect(detail.row?.status == "逾期失效")
            #expect(detail.flow.last?.actorName == "系统")
            try await harness.drained()
            #expect(harness.archive.pinned.isEmpty)
            #expect(try harness.number("SELECT count(*) FROM bans") == 0)
            #expect(
                try await refusal { try await harness.submit(person, detail) }.code
                    == .failedPrecondition)
        }
    }
}

extension Harness {
    func withdraw(
        _ row: Declaration.DeclarationRow, _ person: Applicant, key: IdempotencyKey = .random()
    ) async throws -> Declaration.DeclarationDetail {
        var options = CallOptions()
        options.idempotencyKey = key
        return try await declarations(person.token).withdraw(
            Declaration.WithdrawRequest(
                id: row.id, expectedVersion: row.version, reason: "不再申报"), options: options)
    }
}
