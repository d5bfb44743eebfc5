import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import DeclarationService

/// 退回 (D8) and 终止 (D9).
struct ReturnTests {
    @Test func returnedCorrectedAndSubmittedAgain() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            let reply = try await harness.decide(
                row, .returned, by: officer, opinion: "请补正", defects: ["缺学历证书", "专业年限有误"])
            #expect(reply.state == .done && reply.node == "申报人")
            let detail = try await harness.declarations(person.token).get(
                Declaration.GetDeclarationRequest(id: row.id))
            #expect(detail.row?.state == .returnedToApplicant && detail.row?.status == "退回")
            #expect(detail.defects == ["缺学历证书", "专业年限有误"])
            #expect(detail.correctBy == "2023-02-01", "the plan closes later than ten working days")
            #expect(detail.flow.last?.opinion == "请补正\n缺学历证书\n专业年限有误")
            #expect(harness.archive.pinned.count == 1, "still in flight, still pinned")

            var form = Declaration.Application.engineer
            form.specialtyYears = "4年"
            let edited = try await harness.declarations(person.token).saveDraft(
                Declaration.SaveDraftRequest(
                    id: row.id, expectedVersion: detail.row?.version ?? 0, planID: plan.id,
                    application: form))
            let again = try #require(try await harness.submit(person, edited).row)
            #expect(again.state == .unitPool && again.round == 2 && again.claimedBy == "")
            #expect(again.taskID == "declaration:\(row.id):2")
            try await harness.drained()
            #expect(harness.archive.pinned == [.init(declaration: row.id, round: 2)])
            let views = try await harness.declarations(officer).list(
                Declaration.ListDeclarationsRequest()
            ).views.map(\.count)
            #expect(views == [1, 1, 1, 0, 1], "pending again, ever decided, one in all")
            let old = try await refusal { try await harness.decide(row, .approved, by: officer) }
            #expect(old.code == .aborted, "the first round is decided")
            let facts = old.detail(Tasks.DecidedFacts.self)
            #expect(facts?.decidedByName == "陈经办" && facts?.outcome == .returned)
        }
    }

    /// What is corrected is the applicant's until it is submitted again, and never more when it is withdrawn.
    @Test(arguments: [false, true])
    func aCorrectionIsSeenOnceItIsSubmitted(isWithdrawn: Bool) async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            _ = try await harness.decide(row, .returned, by: officer)
            let returned = try await harness.row(row.id, for: person.token)
            var form = Declaration.Application.engineer
            form.specialty = "材料力学"
            let edited = try await harness.declarations(person.token).saveDraft(
                .init(
                    id: row.id, expectedVersion: returned.version, planID: plan.id,
                    application: form))
            #expect(edited.application?.specialty == "材料力学")
            #expect(edited.row?.specialty == "材料力学")
            func seen(_ token: [UInt8]) async throws -> [String] {
                let detail = try await harness.declarations(token).get(.init(id: row.id))
                let list = try await harness.declarations(token).list(.init())
                let title = detail.sections.first?.rows.first?.values.first?.value ?? ""
                return [
                    detail.application?.specialty ?? "", detail.row?.specialty ?? "",
                    list.rows.first?.specialty ?? "", String(title.suffix(4)),
                ]
            }
            let (old, new) = (
                Array(repeating: "工程力学", count: 4), Array(repeating: "材料力学", count: 4)
            )
            #expect(try await seen(officer) == old)
            #expect(try await seen(person.token) == new)
            if isWithdrawn {
                _ = try await harness.declarations(person.token).withdraw(
                    .init(id: row.id, expectedVersion: edited.row?.version ?? 0))
                #expect(try await seen(person.token) == old, "it was never submitted")
                #expect(try await seen(officer) == old)
            } else {
                _ = try await harness.submit(person, edited)
                #expect(try await seen(officer) == new)
            }
        }
    }

    @Test func tenWorkingDaysWhenThePlanClosesSooner() async throws {
        try await Harness.run { harness in
            var short = Declaration.Plan.engineering
            short.closeDay = "2022-04-20"
            let plan = try await harness.plan(short)
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            _ = try await harness.decide(row, .returned, by: officer, opinion: "请补正\n见清单")
            let detail = try await harness.declarations(person.token).get(
                Declaration.GetDeclarationRequest(id: row.id))
            // 2022-04-24 is worked, 04-30 to 05-04 are off.
            #expect(detail.correctBy == "2022-05-05")
            #expect(detail.defects == ["请补正", "见清单"], "without a checklist the opinion is it")
            harness.clock.advance(by: .seconds(16 * 86_400))
            let second = try await harness.submit(person, detail)
            #expect(
                second.row?.state == .unitPool, "the last day counts, though the plan is closed")
            let claimed = try await harness.claim(try #require(second.row), by: officer)
            _ = try await harness.decide(claimed, .returned, by: officer)
            harness.clock.advance(by: .seconds(40 * 86_400))
            let late = try await harness.declarations(person.token).get(
                Declaration.GetDeclarationRequest(id: row.id))
            #expect(
                try await refusal { try await harness.submit(person, late) }.code
                    == .failedPrecondition, "too late, or lapsed already")
        }
    }

    @Test func terminatedIsFinalAndBansTheYear() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            #expect(
                try await refusal {
                    try await harness.decide(row, .terminated, by: officer, opinion: "")
                }.fields == ["opinion"])
            let reply = try await harness.decide(row, .terminated, by: officer, opinion: "不符合条件")
            #expect(reply.state == .done)
            let now = try await harness.row(row.id, for: officer)
            #expect(now.state == .terminated && now.status == "终止" && now.taskID == "")
            try await harness.drained()
            #expect(harness.archive.pinned.isEmpty)

            var other = Declaration.Plan.engineering
            other.name = "2022年—另一评审委员会"
            let entered = try await harness.draft(person, try await harness.plan(other))
            let banned = try await refusal { try await harness.submit(person, entered) }
            #expect(banned.code == .failedPrecondition && banned.message.contains("2022"))
            other.year = 2023
            other.name = "2023年—另一评审委员会"
            let next = try await harness.submitted(person, try await harness.plan(other))
            #expect(next.state == .unitPool, "another plan year is open")
        }
    }

    /// Decision 6: kept when returned to the unit, released when it goes back to the applicant.
    @Test func whatTheUnitGivesBackIsReleased() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            for (n, outcome) in [Common.Outcome.returned, .terminated, .approved].enumerated() {
                let row = try await harness.ready(harness.applicant(n), plan, by: officer)
                let first = try await harness.decide(row, .approved, by: officer)
                let back = try await harness.returnedToUnit(row.id, officer)
                #expect(back.status == "被退回")
                let held = harness.quota.held.contains(first.decisionID)
                #expect(held, "kept when returned to the unit")
                let reply = try await harness.decide(back, outcome, by: officer)
                #expect(reply.state == .done)
                try await harness.drained()
                #expect(
                    harness.quota.held.contains(first.decisionID) == (outcome == .approved))
            }
            #expect(harness.quota.held.count == 1 && harness.quota.calls("Reserve") == 3)
        }
    }
}

extension Harness {
    /// The superiors return it to the unit.
    func returnedToUnit(
        _ id: String, _ officer: [UInt8]
    ) async throws -> Declaration.DeclarationRow {
        _ = try await decide(row(id, for: superior()), .returned, by: superior())
        return try await row(id, for: officer)
    }
}
