import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import DeclarationService

/// 一次性告知 over several returns (D8), and what a resubmission changed (D4).
struct DefectTests {
    @Test func laterDefectsThatWereVisibleAreFlagged() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            _ = try await harness.decide(
                row, .returned, by: officer, opinion: "请补正", defects: ["缺学历证书", "专业年限有误"])
            let first = try await harness.declarations(person.token).get(.init(id: row.id))
            #expect(first.raisedDefects.map(\.text) == ["缺学历证书", "专业年限有误"])
            #expect(first.raisedDefects.allSatisfy { !$0.visibleBefore && $0.round == 1 })
            #expect(first.raisedDefects.first?.node == "单位审核" && first.differences.isEmpty)

            var form = Declaration.Application.engineer
            form.specialtyYears = "4年"
            let again = try await harness.resubmit(person, first, form)
            let claimed = try await harness.claim(again, by: officer)
            let seen = try await harness.declarations(officer).get(.init(id: row.id))
            #expect(
                seen.differences == [
                    Declaration.Difference(
                        section: "个人信息", label: "专业年限", before: "3年", after: "4年")
                ])
            let reply = try await harness.decide(
                claimed, .returned, by: officer, opinion: "仍需补正",
                defects: ["缺学历证书", "专业年限无证明", "出生地有误"])
            #expect(reply.state == .done, "a flag is no refusal")
            let second = try await harness.declarations(officer).get(.init(id: row.id))
            #expect(second.defects == ["缺学历证书", "专业年限无证明", "出生地有误"])
            #expect(
                second.raisedDefects.filter(\.visibleBefore).map(\.text) == ["出生地有误"],
                "raised before, about what changed, or late")
            #expect(second.raisedDefects.count == 5)
        }
    }

    @Test func whatAResubmissionChanged() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            _ = try await harness.decide(row, .returned, by: officer)
            harness.archive.withdraw(person.itemID, of: person.personID)
            harness.archive.add(
                Archive.Item(
                    id: randomID(), kind: "honor", kindLabel: "荣誉称号",
                    personID: person.personID, state: .approved, version: 1, mainName: "先进",
                    values: [Common.FormValue(key: "name", label: "名称", value: "先进工作者")],
                    evidence: [Common.Attachment(id: "e", fileName: "证书.pdf")]))
            let returned = try await harness.declarations(person.token).get(.init(id: row.id))
            _ = try await harness.resubmit(person, returned, .engineer)
            let seen = try await harness.declarations(officer).get(.init(id: row.id))
            #expect(
                seen.differences == [
                    Declaration.Difference(
                        section: "学历教育", label: "删除", before: "教育经历 福建大学", after: ""),
                    Declaration.Difference(
                        section: "荣誉表彰", label: "新增", before: "", after: "荣誉称号 先进工作者"),
                ])
            let honor = seen.sections.first { $0.key == "honor" }
            #expect(honor?.rows.first?.values.last?.value == "证书.pdf", "evidence is named")
        }
    }

    @Test func theDepartmentLiftsABan() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            let department = harness.declarations(
                harness.other(.hrDepartment, region: "350100"))
            let request = Declaration.LiftBanRequest(declarationID: row.id, reason: "经复核终止有误")
            #expect(
                try await refusal { try await department.liftBan(request) }.code == .notFound)
            _ = try await harness.decide(row, .terminated, by: officer)
            let elsewhere = harness.declarations(
                harness.other(.hrDepartment, region: "350200"))
            #expect(
                try await refusal { try await elsewhere.liftBan(request) }.code == .notFound)
            #expect(
                try await refusal {
                    try await department.liftBan(.init(declarationID: row.id))
                }.fields == ["reason"])
            let own = harness.declarations(
                harness.other(.hrDepartment, region: "350100", key: person.key))
            #expect(
                try await refusal { try await own.liftBan(request) }.code == .permissionDenied,
                "nobody decides on themselves")
            let unknown = harness.declarations(
                harness.other(.hrDepartment, region: "350100", recorded: false))
            #expect(
                try await refusal { try await unknown.liftBan(request) }.message
                    .contains("RecordOfficer"))
            _ = try await department.liftBan(request)
            #expect(
                try await refusal { try await department.liftBan(request) }.code == .notFound,
                "it is lifted")
            #expect(
                try await harness.submitted(person, plan).state == .unitPool,
                "the year is open again")
            let flow = try await harness.declarations(officer).get(.init(id: row.id)).flow
            #expect(flow.last?.action == "解除禁报" && flow.last?.node == "人社部门")
        }
    }
}

extension Harness {
    func resubmit(
        _ person: Applicant, _ detail: Declaration.DeclarationDetail,
        _ form: Declaration.Application
    ) async throws -> Declaration.DeclarationRow {
        let row = try #require(detail.row)
        let edited = try await declarations(person.token).saveDraft(
            Declaration.SaveDraftRequest(
                id: row.id, expectedVersion: row.version, planID: row.planID, application: form))
        return try #require(try await submit(person, edited).row)
    }
}
