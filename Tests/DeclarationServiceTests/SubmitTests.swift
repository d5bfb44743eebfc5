import Domain
import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import DeclarationService

struct SubmitTests {
    @Test func submitting() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let draft = try await harness.draft(person, plan)
            #expect(draft.row?.state == .draft && draft.row?.status == "草稿")
            let officer = harness.officer("陈经办")
            #expect(
                try await refusal { try await harness.row(draft.row?.id ?? "", for: officer) }
                    .code == .notFound, "drafts are never visible to the unit")

            let detail = try await harness.submit(person, draft)
            let row = try #require(detail.row)
            #expect(row.state == .unitPool && row.status == "待领取" && row.node == "单位审核")
            #expect(row.round == 1 && row.version == 3 && row.year == 2022)
            #expect(row.taskID == "declaration:\(row.id):1")
            #expect(detail.quotaRequired && detail.quotaLevel == .intermediate)
            #expect(detail.flow.map(\.action) == ["提交"])
            #expect(harness.archive.pinned == [.init(declaration: row.id, round: 1)])
            let seen = try await harness.declarations(officer).get(
                Declaration.GetDeclarationRequest(id: row.id))
            #expect(
                seen.sections.map(\.label) == [
                    "申报情况", "个人信息", "申报相关附件", "工作经历", "学历教育", "继续教育", "年度考核", "荣誉表彰",
                    "单位推荐意见",
                ])
            #expect(seen.sections[4].rows.first?.itemID == person.itemID)
            #expect(seen.sections[4].rows.first?.itemVersion == 3)
            #expect(seen.sections[0].rows[0].values[0].value == "测试中级工程师-工程力学")
            #expect(seen.sections[0].rows[0].values[1].value == "福州市第一中学 市级")
            #expect(seen.findings.isEmpty)
        }
    }

    @Test func allFaultsInOneAnswer() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let wrong = try await refusal {
                try await harness.declarations(person.token).saveDraft(
                    Declaration.SaveDraftRequest(
                        application: Declaration.Application(
                            title: String(repeating: "长", count: 51), level: "大师",
                            nation: "火星族", workStartDay: "2016"),
                        itemIDs: ["a", "a"]))
            }
            #expect(
                wrong.fields == [
                    "application.title", "application.work_start_day", "application.level",
                    "application.nation", "plan_id", "item_ids",
                ])
            let draft = try await harness.draft(
                person, plan, Declaration.Application(level: "正高级", series: "工艺美术专业人员"),
                items: [person.itemID, String(repeating: "0", count: 32)])
            let missing = try await refusal { try await harness.submit(person, draft) }
            #expect(missing.code == .invalidArgument)
            #expect(
                missing.fields == [
                    "application.title", "application.specialty", "application.form",
                    "application.level", "application.series", "item_ids",
                ])
        }
    }

    @Test func whoMaySubmitAndWhen() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let newcomer = harness.applicant(1, registration: .reviewing)
            let entered = try await harness.draft(newcomer, plan)
            let early = try await refusal { try await harness.submit(newcomer, entered) }
            #expect(early.code == .failedPrecondition && early.message.contains("人员注册"))

            let person = harness.applicant(2)
            let first = try await harness.draft(person, plan)
            let second = try await harness.draft(person, plan)
            let stale = Declaration.DeclarationDetail(
                row: Declaration.DeclarationRow(id: first.row?.id ?? "", version: 7))
            #expect(try await refusal { try await harness.submit(person, stale) }.code == .aborted)
            #expect(
                try await refusal { try await harness.submit(newcomer, first) }.code == .notFound)
            _ = try await harness.submit(person, first)
            let busy = try await refusal { try await harness.submit(person, second) }
            #expect(busy.code == .failedPrecondition && busy.message.contains("在途"))

            let late = harness.applicant(3)
            let kept = try await harness.draft(late, plan)
            harness.clock.advance(by: .seconds(300 * 86_400))
            let closed = try await refusal { try await harness.submit(late, kept) }
            #expect(closed.code == .failedPrecondition && closed.message.contains("2023-02-01"))
        }
    }

    @Test func aRepeatWithTheSameKeySubmitsOnce() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let draft = try await harness.draft(person, plan)
            let key = IdempotencyKey.random()
            let first = try await harness.submit(person, draft, key: key)
            #expect(try await harness.submit(person, draft, key: key) == first)
            #expect(try harness.number("SELECT count(*) FROM rounds") == 1)
            #expect(try harness.number("SELECT count(*) FROM flow_steps") == 1)
        }
    }

    @Test func anArchiveThatStallsDelaysTheSubmission() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let draft = try await harness.draft(person, plan)
            harness.archive.stallPins = true
            let waiting = try await harness.submit(person, draft, timeout: .seconds(10))
            #expect(waiting.row?.state == .draft && waiting.row?.status == "办理中")
            let officer = harness.officer("陈经办")
            #expect(
                try await harness.tasks(officer).list(Tasks.ListTasksRequest()).tasks.isEmpty)
            for event in 0..<2 {
                let error = try await refusal {
                    event == 0
                        ? try await harness.submit(person, waiting)
                        : try await harness.declarations(person.token).saveDraft(
                            Declaration.SaveDraftRequest(
                                id: waiting.row?.id ?? "",
                                expectedVersion: waiting.row?.version ?? 0, planID: plan.id))
                }
                #expect(error.code == .aborted)
            }
            harness.archive.stallPins = false
            try await harness.drained()
            let row = try await harness.row(draft.row?.id ?? "", for: person.token)
            #expect(row.state == .unitPool && row.version == 3)
        }
    }

    @Test func anItemThatIsApprovedNoMoreIsRefusedByTheArchive() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let draft = try await harness.draft(person, plan)
            harness.archive.withdrawBeforePin = true
            let key = IdempotencyKey.random()
            let refused = try await refusal {
                try await harness.submit(person, draft, key: key)
            }
            #expect(refused.code == .failedPrecondition && refused.message.contains("1 项"))
            let again = try await refusal { try await harness.submit(person, draft, key: key) }
            #expect(again.message == refused.message)
            harness.archive.withdrawBeforePin = false
            let row = try await harness.row(draft.row?.id ?? "", for: person.token)
            #expect(row.state == .draft && row.status == "草稿" && row.version == 3)
            // Nothing is left of it: the draft can be submitted, with what is approved now.
            let detail = try await harness.submit(
                person, Declaration.DeclarationDetail(row: row))
            #expect(detail.row?.state == .unitPool)
        }
    }

    @Test func withoutItemsNobodyIsAsked() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            harness.archive.withdraw(person.itemID, of: person.personID)
            let row = try await harness.submitted(person, plan)
            #expect(row.state == .unitPool && harness.archive.calls("PinVersions") == 0)
        }
    }
}
