import Messages
import RPC
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import DeclarationService

/// 通过 (D7), and the two-service decision (design/reliability.md).
struct ApproveTests {
    @Test func withAVacancy() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.ready(harness.applicant(1), plan, by: officer)
            let reply = try await harness.decide(row, .approved, by: officer)
            #expect(reply.state == .done && reply.outcome == .approved)
            #expect(reply.node == "主管部门审核" && reply.version == row.version + 2)
            let now = try await harness.row(row.id, for: officer)
            #expect(now.state == .superiorReview && now.version == reply.version)
            try await harness.drained()
            #expect(harness.quota.reservation(reply.decisionID) == .confirmed)
            let asked = try await harness.tasks(officer).getDecision(
                Tasks.GetDecisionRequest(taskID: row.taskID, decisionID: reply.decisionID))
            #expect(asked == reply)
            let done = try #require(
                try await harness.tasks(officer).list(Tasks.ListTasksRequest(view: .processed))
                    .tasks.first)
            #expect(done.outcome == .approved && done.outcomeLabel == "通过")
            #expect(done.decidedByName == "陈经办" && done.opinion == "情况属实")
        }
    }

    @Test func withoutAVacancy() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            harness.quota.vacancies = 0
            let row = try await harness.ready(harness.applicant(1), plan, by: officer)
            let key = IdempotencyKey.random()
            let refused = try await refusal {
                try await harness.decide(row, .approved, by: officer, key: key)
            }
            #expect(refused.code == .failedPrecondition && refused.message.contains("没有空缺"))
            let facts = try #require(refused.detail(Common.VacancyFacts.self))
            #expect(facts.year == 2022 && facts.level == .intermediate && facts.approved == 0)
            let again = try await refusal {
                try await harness.decide(row, .approved, by: officer, key: key)
            }
            #expect(again.message == refused.message && again.details == refused.details)
            let back = try await harness.row(row.id, for: officer)
            #expect(back.state == .unitReview && back.status == "审核中")
            // Without occupying a post it goes on.
            _ = try await harness.declarations(officer).saveRecommendation(
                Declaration.SaveRecommendationRequest(
                    id: row.id, text: "同意推荐", occupiesPost: false, occupationNote: "不占"))
            #expect(try await harness.decide(back, .approved, by: officer).state == .done)
            try await harness.drained()
            #expect(harness.quota.held.isEmpty)
        }
    }

    @Test(arguments: [Mood.losesReplies, .fails])
    func aLostReplyIsAskedForAgain(_ mood: Mood) async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.ready(harness.applicant(1), plan, by: officer)
            harness.quota.mood = mood
            let reply = try await withThrowingTaskGroup(of: Tasks.DecideReply?.self) { group in
                group.addTask { try await harness.decide(row, .approved, by: officer) }
                group.addTask {
                    while harness.quota.calls("Reserve") < 3 {
                        try await Task.sleep(for: .milliseconds(2))
                    }
                    harness.quota.mood = .answers
                    return nil
                }
                return try await group.reduce(nil) { $0 ?? $1 }
            }
            #expect(reply?.state == .done)
            try await harness.drained()
            #expect(harness.quota.held.count == 1)
        }
    }

    @Test func aStalledQuotaIsAnsweredDecidingAndPolled() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let person = harness.applicant(1)
            let row = try await harness.ready(person, plan, by: officer)
            harness.quota.mood = .stalls
            let key = IdempotencyKey.random()
            let deciding = try await harness.decide(
                row, .approved, by: officer, key: key, timeout: .seconds(3))
            #expect(deciding.state == .deciding && deciding.decisionID.count == 32)
            try await self.othersAreRefused(harness, row.id, officer, person)
            let poll = Tasks.GetDecisionRequest(
                taskID: row.taskID, decisionID: deciding.decisionID)
            #expect(try await harness.tasks(officer).getDecision(poll).state == .deciding)
            #expect(
                try await harness.decide(
                    row, .approved, by: officer, key: key, timeout: .seconds(3)
                ).state == .deciding, "never undone because of a timeout")
            harness.quota.mood = .answers
            try await harness.drained()
            let done = try await harness.tasks(officer).getDecision(poll)
            #expect(done.state == .done && done.node == "主管部门审核")
            #expect(try await harness.decide(row, .approved, by: officer, key: key) == done)
            #expect(
                harness.quota.held == [done.decisionID]
                    && harness.quota.reservation(done.decisionID) == .confirmed)
        }
    }

    /// While the decision waits, other events are refused with ABORTED, and lists show 办理中 (decision 14).
    private func othersAreRefused(
        _ harness: Harness, _ id: String, _ officer: [UInt8], _ person: Harness.Applicant
    ) async throws {
        let waiting = try await harness.row(id, for: officer)
        #expect(waiting.status == "办理中" && waiting.state == .unitReview)
        let task = try #require(
            try await harness.tasks(officer).list(Tasks.ListTasksRequest()).tasks.first)
        #expect(task.stateLabel == "办理中")
        let unit = harness.declarations(officer)
        let version = waiting.version
        let events: [@Sendable () async throws -> Void] = [
            { _ = try await harness.decide(waiting, .approved, by: officer) },
            { _ = try await harness.decide(waiting, .returned, by: officer) },
            { _ = try await harness.decide(waiting, .terminated, by: officer) },
            { _ = try await harness.claim(waiting, by: officer) },
            {
                _ = try await unit.releaseClaim(
                    Declaration.ReleaseClaimRequest(id: id, expectedVersion: version))
            },
            {
                _ = try await unit.saveRecommendation(
                    Declaration.SaveRecommendationRequest(id: id, text: "另"))
            },
            { _ = try await harness.upload(id, .other, by: officer) },
            {
                _ = try await harness.declarations(person.token).submit(
                    Declaration.SubmitRequest(id: id, expectedVersion: version))
            },
        ]
        for (number, event) in events.enumerated() {
            #expect(try await refusal { try await event() }.code == .aborted, "event \(number)")
        }
    }

    @Test func aRefusalAfterDecidingIsPolledToo() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            harness.quota.vacancies = 0
            let row = try await harness.ready(harness.applicant(1), plan, by: officer)
            harness.quota.mood = .stalls
            let deciding = try await harness.decide(
                row, .approved, by: officer, timeout: .seconds(3))
            harness.quota.mood = .answers
            try await harness.drained()
            let refused = try await harness.tasks(officer).getDecision(
                Tasks.GetDecisionRequest(
                    taskID: row.taskID, decisionID: deciding.decisionID))
            #expect(refused.state == .refused && refused.message == "岗位没有空缺")
            #expect(refused.vacancy?.approved == 0 && refused.node == "单位审核")
            let counts = try await harness.tasks(officer).count(Tasks.CountTasksRequest())
            #expect(counts.pending == 1 && counts.processed == 0)
        }
    }

    /// As after a crash between T1's commit and its message: the outbox is delivered by the next start.
    @Test func aDecisionOutlivesTheProcess() async throws {
        try await Harness.stopped { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let person = harness.applicant(1)
            try await harness.relaying { _ = try await harness.ready(person, plan, by: officer) }
            let list = try await harness.declarations(officer).list(
                Declaration.ListDeclarationsRequest())
            let row = try #require(list.rows.first)
            let deciding = try await harness.decide(
                row, .approved, by: officer, timeout: .seconds(3))
            #expect(deciding.state == .deciding && harness.quota.calls("Reserve") == 0)
            try await harness.relaying { try await harness.drained() }
            let done = try await harness.tasks(officer).getDecision(
                Tasks.GetDecisionRequest(
                    taskID: row.taskID, decisionID: deciding.decisionID))
            #expect(done.state == .done && harness.quota.held == [done.decisionID])
        }
    }

    @Test func aDefiniteNoOfQuotasRulesEndsTheDecision() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.ready(harness.applicant(1), plan, by: officer)
            harness.quota.mood = .refuses(.failedPrecondition)
            let refused = try await refusal {
                try await harness.decide(row, .approved, by: officer)
            }
            #expect(refused.code == .failedPrecondition && refused.message == "规则不允许")
            harness.quota.mood = .answers
            try await harness.drained()
            let decision = try harness.database.read { rows in
                try rows.row(Statement("SELECT id FROM steps WHERE state = 3"))?.text("id") ?? ""
            }
            #expect(harness.quota.reservation(decision) == .released, "a tombstone is left")
            let back = try await harness.row(row.id, for: officer)
            #expect(try await harness.decide(back, .approved, by: officer).state == .done)
        }
    }

    @Test func everyMissingPartIsNamedInOneAnswer() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.claim(
                harness.submitted(harness.applicant(1), plan), by: officer)
            let missing = try await refusal {
                try await harness.decide(row, .approved, by: officer, opinion: " ")
            }
            #expect(missing.code == .invalidArgument)
            #expect(
                missing.fields == [
                    "opinion", "recommendation.text", "recommendation.notice_proofs",
                    "recommendation.occupies_post", "recommendation.occupation_note",
                ])
            _ = try await harness.upload(row.id, .other, by: officer)
            _ = try await harness.declarations(officer).saveRecommendation(
                Declaration.SaveRecommendationRequest(
                    id: row.id, text: "同意推荐", occupiesPost: false))
            let rest = try await refusal { try await harness.decide(row, .approved, by: officer) }
            #expect(
                rest.fields == [
                    "recommendation.notice_proofs", "recommendation.occupation_note",
                ], "the note is required either way")
            let none = try await refusal {
                try await harness.decide(row, .unspecified, by: officer, defects: ["缺证书"])
            }
            #expect(none.fields == ["defects", "outcome"])
        }
    }

    @Test func othersThanPublicInstitutionsOccupyNothing() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("郑经办", of: .company)
            let row = try await harness.claim(
                harness.submitted(harness.applicant(1, of: .company), plan), by: officer)
            let wrong = try await refusal {
                try await harness.recommend(row.id, by: officer, occupies: true)
            }
            #expect(wrong.fields == ["occupies_post"])
            try await harness.recommend(row.id, by: officer, occupies: nil)
            #expect(try await harness.decide(row, .approved, by: officer).state == .done)
            #expect(harness.quota.calls("Reserve") == 0)
        }
    }

    @Test func whoMayDecide() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.ready(harness.applicant(1), plan, by: officer)
            func code(_ token: [UInt8]) async throws -> RPCError {
                try await refusal { try await harness.decide(row, .approved, by: token) }
            }
            #expect(try await code(harness.officer("外单位", of: .company)).code == .notFound)
            #expect(try await code(harness.other(.hrDepartment)).code == .permissionDenied)
            #expect(
                try await code(harness.officer("姚姣2", key: "key-1")).code == .permissionDenied)
            #expect(
                try await code(harness.officer("无名", recorded: false)).code
                    == .failedPrecondition)
            let colleague = try await code(harness.officer("郑经办"))
            #expect(colleague.code == .failedPrecondition)
            #expect(colleague.detail(Common.ClaimHolder.self)?.officerName == "陈经办")
            var stale = row
            stale.version -= 1
            let conflict = try await refusal {
                try await harness.decide(stale, .approved, by: officer)
            }
            #expect(conflict.code == .aborted)
            #expect(
                conflict.detail(Common.VersionFacts.self)?.currentVersion == row.version)
            let pool = try await harness.submitted(harness.applicant(2), plan)
            let unclaimed = try await refusal {
                try await harness.decide(pool, .returned, by: officer)
            }
            #expect(unclaimed.message.contains("领取"))
        }
    }

    @Test func theRaceForADecisionHasOneWinner() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.ready(harness.applicant(1), plan, by: officer)
            let winners = await withTaskGroup(of: Bool.self) { group in
                for n in 0..<20 {
                    group.addTask {
                        let outcome: Common.Outcome = n.isMultiple(of: 2) ? .approved : .returned
                        let reply = try? await harness.decide(row, outcome, by: officer)
                        return reply?.state == .done
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
            #expect(
                try harness.number("SELECT count(*) FROM steps WHERE kind = 2 AND state = 2") == 1)
        }
    }

    /// Ten officers approve ten declarations for three vacancies.
    @Test func vacanciesAndDeclarationsMatchOneToOne() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            harness.quota.vacancies = 3
            var rows: [Declaration.DeclarationRow] = []
            for n in 1...10 {
                rows.append(try await harness.ready(harness.applicant(n), plan, by: officer))
            }
            let done = await withTaskGroup(of: Bool.self) { group in
                for row in rows {
                    group.addTask {
                        (try? await harness.decide(row, .approved, by: officer))?.state == .done
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 3)
            try await harness.drained()
            let held = try harness.database.read { rows in
                try rows.rows(
                    Statement(
                        "SELECT reservation_id AS id FROM declarations WHERE reservation_id IS NOT NULL"
                    ), limit: 100
                ).map { try $0.text("id") }
            }
            #expect(Set(held) == harness.quota.held && held.count == 3)
        }
    }
}
