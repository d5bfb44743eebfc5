import Domain
import Messages
import RPC
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import ArchiveService

@Suite struct ItemTests {
    private let person = User.applicant()

    @Test func fromDraftToApproval() async throws {
        let harness = try Harness()
        let draft = try await harness.save(person, "education", Harness.education)
        #expect(draft.state == .draft && draft.version == 1 && draft.round == 0)
        #expect(draft.kindLabel == "教育经历" && draft.mainName == "福建大学")
        #expect(draft.applicantName == "姣姣1" && draft.unitID == "" && draft.taskID == "")
        let file = try await harness.attach(person, draft)
        let submitted = try await harness.submit(person, draft)
        #expect(submitted.state == .reviewing && submitted.stateLabel == "审核中")
        #expect(submitted.version == 2 && submitted.round == 1 && submitted.unitID == "school")
        #expect(submitted.taskID == "archive:\(draft.id):1" && submitted.evidence == [file])
        #expect(submitted.applicantSex == "女")
        #expect(submitted.applicantIDMasked == "3501**********0012")
        #expect(submitted.listCells == ["福建大学", "2009-12-01 2011-12-01", "大学本科", "学士"])

        // The dialog 详情 of screen 3-3, as the unit sees it.
        let shown = try await harness.archive(.school).getItem(
            Archive.GetItemRequest(id: draft.id))
        #expect(shown.withoutHistory == submitted)
        #expect(shown.values.map(\.label).prefix(3) == ["毕业院校", "入学日期", "毕业日期"])
        #expect(shown.values.first { $0.key == "years" }?.value == "2年")

        harness.test.clock.advance(by: .seconds(60))
        let reply = try await harness.decide(submitted, .approved)
        #expect(reply.state == .done && reply.version == 3 && reply.node == "审核通过")
        let approved = try await harness.archive(.school).getItem(
            Archive.GetItemRequest(id: draft.id))
        #expect(approved.state == .approved && approved.version == 3 && approved.taskID == "")
        #expect(approved.flow.map(\.action) == ["提交", "通过"])
        #expect(approved.flow.map(\.node) == ["申报人", "单位审核"])
        #expect(approved.flow.map(\.actorName) == ["姣姣1", "陈经办"])
        #expect(approved.flow.map(\.opinion) == ["", "情况属实"])
        #expect(approved.flow[1].atMs >= approved.flow[0].atMs + 60_000)
        #expect(
            try harness.number("SELECT count(*) FROM audit") == 4, "save, attach, submit, decide")
        #expect(
            try harness.number(
                "SELECT count(*) FROM items WHERE id_masked LIKE '%*%' AND length(id_masked) = 18")
                == 1)
    }

    @Test func allFaultsAreNamedInOneAnswer() async throws {
        let harness = try Harness()
        var values = Harness.education
        values["school"] = ""
        values["end"] = "2009-11-30"
        values["mode"] = "夜校"
        values["years"] = "两"
        values["degree_date"] = ""
        let draft = try await harness.save(person, "education", values)
        let error = try await refusal { try await harness.submit(person, draft) }
        #expect(error.code == .invalidArgument)
        #expect(
            error.violations.map(\.label) == [
                "毕业院校", "毕业日期", "教育类型", "学制", "学位获得日期", "佐证材料",
            ])
        #expect(error.fields.contains("values.evidence"))
        #expect(error.violations.first { $0.label == "毕业日期" }?.message == "应晚于入学日期")
        let after = try await harness.archive(person).getItem(Archive.GetItemRequest(id: draft.id))
        #expect(after == draft)
    }

    @Test func savingRefusesWhatItCannotKeep() async throws {
        let harness = try Harness()
        let unknown = try await refusal { try await harness.save(person, "poems", [:]) }
        #expect(unknown.fields == ["kind"])
        let field = try await refusal {
            try await harness.save(person, "work_history", ["poem": "x", "position": "a\u{1}"])
        }
        #expect(field.fields == ["values.poem", "values.position"])
        let draft = try await harness.save(person, "work_history", [:])
        #expect(draft.mainName == "" && draft.values.allSatisfy { $0.value.isEmpty })
        let other = try await refusal {
            try await harness.save(person, "paper", [:], id: draft.id, version: 1)
        }
        #expect(other.fields == ["kind"])
        let stale = try await refusal {
            try await harness.save(person, "", [:], id: draft.id, version: 9)
        }
        #expect(stale.code == .aborted)
        #expect(try stale.details.first?.decode(as: Common.VersionFacts.self)?.currentVersion == 1)
    }

    @Test func onlyRegisteredPersonsSubmit() async throws {
        let harness = try Harness()
        let draft = try await harness.save(person, "work_history", Harness.work)
        for state in [Identity.RegistrationState.unspecified, .reviewing, .returned] {
            harness.identity.register(person, state)
            let error = try await refusal { try await harness.submit(person, draft) }
            #expect(error.code == .failedPrecondition && error.message.contains("人员注册"))
        }
        harness.identity.set(isDown: true)
        let error = try await refusal { try await harness.submit(person, draft) }
        #expect(error.code == .unavailable && error.verdict == .notExecuted)
        harness.identity.set(isDown: false)
        harness.identity.register(person, .approved)
        _ = try await harness.submit(person, draft)
    }

    @Test func aRepeatGetsTheSameAnswer() async throws {
        let harness = try Harness()
        let client = harness.archive(person)
        var options = CallOptions()
        options.idempotencyKey = .random()
        let request = Archive.SaveItemRequest(
            kind: "work_history",
            values: Harness.work.map { Common.FormValue(key: $0.key, value: $0.value) })
        let first = try await client.saveItem(request, options: options)
        #expect(try await client.saveItem(request, options: options) == first)
        #expect(try harness.number("SELECT count(*) FROM items") == 1)
        options.idempotencyKey = .random()
        let submission = Archive.SubmitItemRequest(id: first.id, expectedVersion: 1)
        let submitted = try await client.submitItem(submission, options: options)
        #expect(try await client.submitItem(submission, options: options) == submitted)
        #expect(try harness.number("SELECT count(*) FROM item_versions") == 1)
        options.idempotencyKey = .random()
        let draft = try await harness.save(person, "work_history", Harness.work)
        let upload = Archive.UploadEvidenceRequest(
            itemID: draft.id, file: Common.FileUpload(fileName: "a.pdf", content: Harness.pdf))
        let file = try await client.uploadEvidence(upload, options: options)
        #expect(try await client.uploadEvidence(upload, options: options) == file)
        #expect(try harness.number("SELECT count(*) FROM evidence") == 1)
    }

    @Test func aReturnedItemIsAWorkingCopyUntilItComesBack() async throws {
        let harness = try Harness()
        let first = try await harness.reviewing(person, employer: "旧单位")
        _ = try await harness.decide(first, .returned, opinion: "单位名称有误")
        let edited = try await harness.save(
            person, "", ["employer": "新单位", "start": "2012-09-01", "position": "教师"],
            id: first.id, version: 3)
        #expect(edited.version == 4 && edited.state == .returned && edited.mainName == "新单位")
        // The unit still sees what it returned.
        let unit = harness.archive(.school)
        let seen = try await unit.getItem(Archive.GetItemRequest(id: first.id))
        #expect(seen.mainName == "旧单位" && seen.values.first?.value == "旧单位")
        #expect(
            try await unit.listItems(Archive.ListItemsRequest(search: "新单位")).items.isEmpty)
        #expect(
            try await unit.listItems(Archive.ListItemsRequest(search: "旧单")).items.count == 1)
        harness.test.clock.advance(by: .seconds(5))
        let again = try await harness.submit(person, edited)
        #expect(again.round == 2 && again.version == 5 && again.submittedMs > first.submittedMs)
        #expect(try await unit.getItem(Archive.GetItemRequest(id: first.id)).mainName == "新单位")
        #expect(again.flow.map(\.action) == ["提交", "退回", "提交"])
        // The old version's values are kept.
        #expect(
            try harness.number("SELECT count(*) FROM item_versions WHERE main_name = '旧单位'") == 1)
        _ = try await harness.decide(again, .approved)
    }

    @Test func draftsAreNeverVisibleToTheUnit() async throws {
        let harness = try Harness()
        let draft = try await harness.save(person, "work_history", Harness.work)
        let unit = harness.archive(.school)
        #expect(try await unit.listItems(Archive.ListItemsRequest()).items.isEmpty)
        #expect(try await unit.listItems(Archive.ListItemsRequest(state: .draft)).items.isEmpty)
        let tree = try await unit.getTree(Archive.GetTreeRequest())
        #expect(tree.categories.flatMap(\.items).allSatisfy { $0.total == 0 })
        #expect(!tree.statistics.contains { $0.view == "draft" })
        let own = try await harness.archive(person).listItems(Archive.ListItemsRequest())
        #expect(own.items.map(\.id) == [draft.id] && own.total == 1)
        #expect(own.tabs.map(\.label) == ["全部", "审核中", "审核通过", "退回", "草稿"])
    }

    @Test func foreignIdsAnswerAsUnknownOnesDo() async throws {
        let harness = try Harness()
        let item = try await harness.item(.reviewing, of: person)
        for user in [User.company, .applicant(2)] {
            let foreign = try await refusal {
                try await harness.archive(user).getItem(Archive.GetItemRequest(id: item.id))
            }
            let unknown = try await refusal {
                try await harness.archive(user).getItem(Archive.GetItemRequest(id: "none"))
            }
            #expect(foreign.code == .notFound && foreign.message == unknown.message)
        }
        let unknown = try await refusal {
            try await harness.tasks(.company).decide(
                Tasks.DecideRequest(
                    taskID: "archive:none:1", expectedVersion: 1, outcome: .approved, opinion: "好"))
        }
        let foreign = try await refusal {
            try await harness.decide(item, .approved, by: .company)
        }
        #expect(foreign.code == .notFound && foreign.message == unknown.message)
        _ = try await harness.decide(item, .approved)
    }
}
