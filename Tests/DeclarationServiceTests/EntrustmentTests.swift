import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import DeclarationService

/// 委托 (D11).
struct EntrustmentTests {
    @Test func fromTheUnitToTheCommittee() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan(.elsewhere)
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let entered = try await harness.draft(person, plan)
            let early = try await refusal { try await harness.submit(person, entered) }
            #expect(early.code == .failedPrecondition && early.message.contains("委托"))

            let asked = try await harness.entrust(plan, [person.personID], by: officer)
            #expect(asked.state == .department && asked.persons.map(\.name) == ["姚姣2"])
            let department = harness.other(.hrDepartment, region: "350100")
            let committee = harness.other(.committee, committee: "committee-9")
            #expect(try await harness.entrustments(for: committee).isEmpty, "not passed on yet")
            let passed = try await harness.decide(asked, true, by: department)
            #expect(passed.state == .committee)
            let late = try await refusal { try await harness.decide(asked, true, by: department) }
            #expect(late.code == .permissionDenied, "it is the committee's now")
            let letter = try await harness.declarations(committee).downloadLetter(
                .init(id: asked.id), atMost: 100_000)
            #expect(letter.attachment?.fileName == "委托函.pdf" && !letter.content.isEmpty)
            let accepted = try await harness.decide(passed, true, by: committee)
            #expect(accepted.state == .accepted)
            #expect(accepted.flow.map(\.action) == ["委托", "同意", "同意"])
            #expect(
                try await refusal { try await harness.decide(accepted, false, by: committee) }.code
                    == .failedPrecondition)
            #expect(try await harness.entrustments(for: officer).map(\.state) == [.accepted])
            let posts = try harness.database.announcements().filter {
                $0.objectID == asked.id
            }
            #expect(
                posts.map(\.told) == [
                    ["unit:unit-school", "department:350100"],
                    ["unit:unit-school", "committee:committee-9"],
                    ["unit:unit-school", "person:person-1"],
                ], "everybody whom it concerns is told (E5)")
            #expect(posts.allSatisfy { $0.isWorded })

            #expect(try await harness.submit(person, entered).row?.state == .unitPool)
            let colleague = harness.applicant(2)
            let other = try await harness.draft(colleague, plan)
            #expect(
                try await refusal { try await harness.submit(colleague, other) }.message
                    .contains("委托"), "only who is named")
        }
    }

    @Test func refusedAndForeign() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan(.elsewhere)
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let stranger = harness.applicant(2, of: .company)
            let foreign = try await refusal {
                try await harness.entrust(plan, [person.personID, stranger.personID], by: officer)
            }
            #expect(foreign.fields == ["person_ids"])
            let unknown = try await refusal {
                try await harness.entrust(plan, [person.personID, "nobody"], by: officer)
            }
            #expect(
                unknown.message == foreign.message && unknown.fields == foreign.fields,
                "nobody learns who is of another unit")
            for persons in [[], [person.personID, person.personID]] {
                let error = try await refusal {
                    try await harness.entrust(plan, persons, by: officer)
                }
                #expect(error.fields == ["person_ids"])
            }
            let own = try await harness.plan()
            let needless = try await refusal {
                try await harness.entrust(own, [person.personID], by: officer)
            }
            #expect(needless.code == .failedPrecondition)
            let asked = try await harness.entrust(plan, [person.personID], by: officer)
            for token in [
                harness.other(.hrDepartment, region: "350200"),
                harness.other(.committee, committee: "committee-1"),
            ] {
                let error = try await refusal { try await harness.decide(asked, true, by: token) }
                #expect(error.code == .notFound)
            }
            let department = harness.other(.hrDepartment, region: "350000")
            let refused = try await harness.decide(asked, false, by: department)
            #expect(refused.state == .refused)
            let entered = try await harness.draft(person, plan)
            let late = try await refusal { try await harness.submit(person, entered) }
            #expect(late.code == .failedPrecondition)
        }
    }

    @Test func nobodyDecidesOnThemselves() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan(.elsewhere)
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let asked = try await harness.entrust(plan, [person.personID], by: officer)
            for token in [
                harness.other(.hrDepartment, region: "350100", key: person.key),
                harness.other(.hrDepartment, region: "350100", recorded: false),
            ] {
                let error = try await refusal { try await harness.decide(asked, true, by: token) }
                #expect(error.code == .permissionDenied || error.message.contains("RecordOfficer"))
            }
        }
    }
}

extension Declaration.Plan {
    /// Of another city's committee.
    fileprivate static var elsewhere: Declaration.Plan {
        var plan = engineering
        plan.name = "2022年—厦门市工程系列中级职称评审委员会"
        plan.region = "350200"
        plan.committeeID = "committee-9"
        return plan
    }
}

extension Harness {
    fileprivate func entrust(
        _ plan: Declaration.Plan, _ persons: [String], by officer: [UInt8]
    ) async throws -> Declaration.Entrustment {
        try await declarations(officer).requestEntrustment(
            Declaration.RequestEntrustmentRequest(
                planID: plan.id, personIDs: persons, reason: "本地没有相应评委会",
                letter: Common.FileUpload(
                    fileName: "委托函.pdf", content: Array("%PDF-1.4 %%EOF".utf8))))
    }

    fileprivate func decide(
        _ asked: Declaration.Entrustment, _ accept: Bool, by token: [UInt8]
    ) async throws -> Declaration.Entrustment {
        try await declarations(token).decideEntrustment(
            Declaration.DecideEntrustmentRequest(
                id: asked.id, expectedVersion: asked.version, accept: accept, opinion: "情况属实"))
    }

    fileprivate func entrustments(
        for token: [UInt8]
    ) async throws -> [Declaration.Entrustment] {
        try await declarations(token).listEntrustments(.init()).entrustments
    }
}
