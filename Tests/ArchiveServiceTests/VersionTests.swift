import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// A8: each submission is a version, and the reviewer sees what changed.
@Suite struct VersionTests {
    private let person = User.applicant()

    private func get(
        _ harness: Harness, _ id: String, round: Int64 = 0, as user: User = .school
    ) async throws -> Archive.Item {
        try await harness.archive(user).getItem(Archive.GetItemRequest(id: id, round: round))
    }

    private func changes(_ item: Archive.Item) -> [[String]] {
        item.differences.map { [$0.label, $0.before, $0.after] }
    }

    /// 教育经历 with two files, submitted.
    private func submitted(_ harness: Harness) async throws -> Archive.Item {
        let draft = try await harness.save(person, "education", Harness.education)
        _ = try await harness.attach(person, draft, "毕业证书.pdf")
        _ = try await harness.attach(person, draft, "学位证书.pdf")
        return try await harness.submit(person, draft)
    }

    @Test func theReviewerSeesWhatChangedSinceTheReturn() async throws {
        let harness = try Harness()
        let first = try await submitted(harness)
        let seen = try await get(harness, first.id)
        #expect(seen.differences.isEmpty && seen.comparedRound == 0)
        #expect(seen.versions.map(\.round) == [1] && seen.versions[0].outcomeLabel.isEmpty)
        _ = try await harness.decide(first, .returned, opinion: "专业有误，缺学位证书原件")
        let back = try await get(harness, first.id, as: person)
        #expect(back.state == .returned && back.differences.isEmpty && back.comparedRound == 1)

        var values = Harness.education
        values["major"] = "软件工程"
        values["cert_no"] = nil
        values["years"] = "3"
        values["evidence"] = back.evidence[0].id
        let saved = try await harness.save(
            person, "education", values, id: back.id, version: back.version)
        _ = try await harness.attach(
            person, saved, "学位证书原件.pdf", content: Harness.pdf + [0x0A])
        values["cert_no"] = "8K142536987"
        let expected = [
            ["所学专业", "计算机", "软件工程"], ["学制", "2年", "3年"], ["佐证材料", "学位证书.pdf", ""],
            ["佐证材料", "", "学位证书原件.pdf"],
        ]
        let working = try await get(harness, first.id, as: person)
        #expect(changes(working).contains(["所学专业", "计算机", "软件工程"]))
        // The unit sees nothing of what is not submitted.
        #expect(try await get(harness, first.id).differences.isEmpty)
        values["evidence"] = working.evidence.map(\.id).joined(separator: ",")
        let whole = try await harness.save(
            person, "education", values, id: back.id, version: working.version)
        _ = try await harness.submit(person, whole)
        for user in [User.school, person] {
            let again = try await get(harness, first.id, as: user)
            #expect(changes(again) == expected && again.comparedRound == 1)
            #expect(again.versions.map(\.round) == [2, 1])
            let old = again.versions[1]
            #expect(old.outcome == .returned && old.outcomeLabel == "退回")
            #expect(old.opinion == "专业有误，缺学位证书原件" && old.decidedByName == "陈经办")
            #expect(!old.withdrawn && old.decidedMs > old.submittedMs)
            // The version that was returned is kept as it was.
            let before = try await get(harness, first.id, round: 1, as: user)
            #expect(before.values == first.values && before.evidence == first.evidence)
            #expect(before.differences.isEmpty && before.comparedRound == 0)
            #expect(before.version == again.version && before.state == .reviewing)
            let now = try await get(harness, first.id, round: 2, as: user)
            #expect(now == again)
        }
        for round in [-1, 3, Int64.max] {
            let unknown = try await refusal { try await get(harness, first.id, round: round) }
            #expect(unknown.code == .notFound)
        }
        #expect(
            try await refusal { try await get(harness, first.id, as: .company) }.code == .notFound)
    }

    @Test func theSameFileAgainIsNoChange() async throws {
        let harness = try Harness()
        let first = try await submitted(harness)
        _ = try await harness.decide(first, .returned)
        let back = try await get(harness, first.id, as: person)
        var values = Harness.education
        values["evidence"] = back.evidence[0].id
        let saved = try await harness.save(
            person, "education", values, id: back.id, version: back.version)
        let dropped = try #require(back.evidence.last)
        _ = try await harness.attach(person, saved, dropped.fileName)
        _ = try await harness.submit(person, saved)
        let again = try await get(harness, first.id)
        #expect(again.differences.isEmpty && again.comparedRound == 1)
    }

    @Test func aWithdrawnVersionIsKeptAndCompared() async throws {
        let harness = try Harness()
        let approved = try await harness.item(.approved, of: person)
        _ = try await harness.decide(try await harness.withdraw(approved, person), .approved)
        let back = try await get(harness, approved.id, as: person)
        #expect(back.versions.map(\.withdrawn) == [true] && back.versions[0].outcome == .approved)
        var values = Harness.work
        values["position"] = "教研组长"
        let saved = try await harness.save(
            person, "work_history", values, id: back.id, version: back.version)
        _ = try await harness.submit(person, saved)
        let again = try await get(harness, approved.id)
        #expect(again.versions.map(\.withdrawn) == [false, true])
        #expect(again.differences.map(\.before) == ["教师"])
        #expect(again.differences.map(\.after) == ["教研组长"])
    }

    /// A person changed the unit in between: each unit compares with what it returned itself.
    @Test func aUnitSeesItsOwnVersionsOnly() async throws {
        let harness = try Harness()
        var user = person
        var item = try await harness.reviewing(user, employer: "第一单位")
        _ = try await harness.decide(item, .returned)
        func resubmit(_ employer: String, at unit: String) async throws {
            user.unitID = unit
            var values = Harness.work
            values["employer"] = employer
            let now = try await get(harness, item.id, as: user)
            let saved = try await harness.save(
                user, "work_history", values, id: now.id, version: now.version)
            item = try await harness.submit(user, saved)
        }
        try await resubmit("第二单位", at: "company")
        let company = try await get(harness, item.id, as: .company)
        #expect(company.versions.map(\.round) == [2] && company.differences.isEmpty)
        let hidden = try await refusal {
            try await get(harness, item.id, round: 1, as: .company)
        }
        #expect(hidden.code == .notFound)
        _ = try await harness.decide(item, .returned, by: .company)
        try await resubmit("第三单位", at: "school")
        let school = try await get(harness, item.id)
        #expect(school.versions.map(\.round) == [3, 1] && school.comparedRound == 1)
        #expect(changes(school) == [["工作单位", "第一单位", "第三单位"]])
        let own = try await get(harness, item.id, as: user)
        #expect(own.versions.map(\.round) == [3, 2, 1] && own.comparedRound == 2)
    }
}
