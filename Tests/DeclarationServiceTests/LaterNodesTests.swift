import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import DeclarationService

/// The flow after the unit (D10).
struct LaterNodesTests {
    @Test func fromTheUnitToPassed() async throws {
        try await Harness.run { harness in
            let (officer, superior, committee) = (
                harness.officer("陈经办"), harness.superior(), harness.committee()
            )
            let person = harness.applicant(1)
            let id = try await harness.approved(person, officer)
            let reserved = harness.quota.held
            #expect(reserved.count == 1)
            #expect(try await harness.waiting(superior).map(\.objectID) == [id])
            #expect(try await harness.waiting(committee).isEmpty)
            #expect(try await harness.waiting(officer).isEmpty)

            try await harness.pass(id, .approved, by: superior, to: .committeeCheck)
            #expect(try await harness.waiting(superior).isEmpty)
            let task = try #require(try await harness.waiting(committee).first)
            #expect(task.node == "评委会审核" && task.kind == "declaration")
            try await harness.pass(id, .approved, by: committee, to: .expertReview)
            let unknown = try await refusal {
                try await harness.decide(
                    harness.row(id, for: committee), .approved, by: committee)
            }
            #expect(unknown.code == .failedPrecondition && unknown.message.contains("表决"))
            let votes = try await harness.vote(id, present: 9, inFavour: 6)
            #expect(votes.passes, "two thirds are enough")
            try await harness.pass(id, .approved, by: committee, to: .resultPublicity)

            let shown = try await harness.declarations(committee).get(.init(id: id))
            // 2022-04-24 is worked; the day of publication is not counted.
            #expect(shown.noticeUntil == "2022-04-25" && shown.votes == votes)
            #expect(
                try await harness.declarations(person.token).get(.init(id: id)).votes == nil)
            harness.clock.advance(by: .seconds(6 * 86_400))
            let early = try await refusal {
                try await harness.decide(
                    harness.row(id, for: committee), .approved, by: committee)
            }
            #expect(early.message.contains("2022-04-25"), "the last day counts to the notice")
            harness.clock.advance(by: .seconds(86_400))
            try await harness.pass(id, .approved, by: committee, to: .passed)

            let row = try await harness.row(id, for: officer)
            #expect(row.status == "评审通过" && row.node == "" && row.taskID == "")
            try await harness.drained()
            #expect(harness.archive.pinned.isEmpty)
            #expect(reserved.allSatisfy { harness.quota.reservation($0) == .consumed })
            let flow = try await harness.declarations(officer).get(.init(id: id)).flow
            #expect(flow.map(\.action) == ["提交", "通过", "通过", "受理", "表决通过", "评审通过"])
            let count = try await harness.tasks(committee).count(.init())
            #expect(count.pending == 0 && count.processed == 3)
            #expect(count.counts.first?.approved == 3)
            #expect(try harness.number("SELECT count(*) FROM bans") == 0)
        }
    }

    @Test func votesBindTheDecision() async throws {
        try await Harness.run { harness in
            let (officer, committee) = (harness.officer("陈经办"), harness.committee())
            let person = harness.applicant(1)
            let id = try await harness.approved(person, officer)
            try await harness.pass(id, .approved, by: harness.superior(), to: .committeeCheck)
            #expect(
                try await refusal { try await harness.vote(id, present: 3, inFavour: 3) }.code
                    == .failedPrecondition, "not yet")
            let row = try await harness.row(id, for: committee)
            #expect(
                try await refusal {
                    try await harness.decide(row, .failed, by: committee)
                }.fields == ["outcome"])
            try await harness.pass(id, .approved, by: committee, to: .expertReview)
            for (present, inFavour, field) in [
                (0, 0, "present"), (1001, 5, "present"), (3, 4, "in_favour"),
            ] {
                #expect(
                    try await refusal {
                        try await harness.vote(
                            id, present: UInt32(present), inFavour: UInt32(inFavour))
                    }.fields == [field])
            }
            let unknown = harness.other(.committee, committee: "committee-1", recorded: false)
            let unrecorded = try await refusal {
                try await harness.declarations(unknown).saveVotes(
                    .init(id: id, present: 3, inFavour: 3))
            }
            #expect(unrecorded.message.contains("RecordOfficer"))
            #expect(try await harness.vote(id, present: 9, inFavour: 6).passes)
            #expect(
                try await refusal {
                    try await harness.decide(
                        harness.row(id, for: committee), .failed, by: committee)
                }.message.contains("已达到"))
            #expect(try await !harness.vote(id, present: 10, inFavour: 6).passes)
            #expect(
                try await refusal {
                    try await harness.decide(
                        harness.row(id, for: committee), .approved, by: committee)
                }.message.contains("不足"))
            try await harness.pass(id, .failed, by: committee, to: .failed)
            try await harness.drained()
            #expect(harness.quota.held.isEmpty && harness.archive.pinned.isEmpty)
            let count = try await harness.tasks(committee).count(.init())
            #expect(count.processed == 2, "未通过 is counted as processed")
            let done = try await harness.tasks(committee).list(.init(view: .processed)).tasks
            #expect(done.map(\.outcomeLabel).sorted() == ["未通过", "通过"])
            #expect(
                try await harness.submitted(person, harness.secondPlan()).state == .unitPool,
                "failing bans nothing")
        }
    }

    @Test func backToTheUnitAndAgain() async throws {
        try await Harness.run { harness in
            let (officer, superior) = (harness.officer("陈经办"), harness.superior())
            let person = harness.applicant(1)
            let id = try await harness.approved(person, officer)
            let held = harness.quota.held
            let back = try await harness.returnedToUnit(id, officer)
            #expect(back.status == "被退回" && back.state == .returnedToUnit)
            #expect(back.claimedBy == "" && back.round == 3)
            let views = try await harness.declarations(officer).list(.init()).views.map(\.count)
            #expect(views == [0, 0, 1, 1, 1])
            #expect(try await harness.waiting(officer).map(\.id) == [back.taskID])
            #expect(harness.quota.held == held, "kept (decision 6)")
            // Another officer of the unit may take it up.
            let other = harness.officer("郑经办")
            #expect(try await harness.decide(back, .approved, by: other).node == "主管部门审核")
            #expect(harness.quota.held == held && harness.quota.calls("Reserve") == 1)

            let reply = try await harness.decide(
                harness.row(id, for: superior), .returned, by: superior, opinion: "请补正",
                defects: ["缺继续教育"], toApplicant: true)
            #expect(reply.node == "申报人")
            try await harness.drained()
            #expect(harness.quota.held.isEmpty, "released (decision 6)")
            let detail = try await harness.declarations(person.token).get(.init(id: id))
            #expect(detail.defects == ["缺继续教育"] && detail.correctBy == "2023-02-01")
            let again = try #require(try await harness.submit(person, detail).row)
            #expect(again.state == .unitPool)
            #expect(try await harness.waiting(officer).map(\.id) == [again.taskID])
        }
    }

    @Test(arguments: [
        DeclarationPhase.superiorReview, .committeeCheck, .expertReview, .resultPublicity,
    ])
    func terminatedAnywhereBansTheYear(_ phase: DeclarationPhase) async throws {
        try await Harness.run { harness in
            let person = harness.applicant(1)
            let id = try await harness.approved(person, harness.officer("陈经办"))
            let token = try await harness.bring(id, to: phase)
            _ = try await harness.decide(
                harness.row(id, for: token), .terminated, by: token, opinion: "材料不实")
            try await harness.drained()
            #expect(harness.quota.held.isEmpty && harness.archive.pinned.isEmpty)
            let entered = try await harness.draft(person, harness.secondPlan())
            #expect(
                try await refusal { try await harness.submit(person, entered) }.message
                    .contains("终止"))
        }
    }

    @Test func anObjectionToTheResultIsUpheld() async throws {
        try await Harness.run { harness in
            let id = try await harness.approved(harness.applicant(1), harness.officer("陈经办"))
            let committee = try await harness.bring(id, to: .resultPublicity)
            try await harness.pass(id, .failed, by: committee, to: .failed)
            try await harness.drained()
            #expect(harness.quota.held.isEmpty)
            let flow = try await harness.declarations(committee).get(.init(id: id)).flow
            #expect(flow.last?.action == "异议成立")
        }
    }

    /// 公示 ≥ 5 工作日无异议: an objection that nobody resolved keeps the result from being confirmed.
    @Test func objectionsToAResultAreResolvedFirst() async throws {
        try await Harness.run { harness in
            let officer = harness.officer("陈经办")
            let id = try await harness.approved(harness.applicant(1), officer)
            let token = try await harness.bring(id, to: .resultPublicity)
            let committee = harness.declarations(token)
            let notice = try #require(
                try await committee.listNotices(.init(declarationID: id, running: true))
                    .notices.first)
            #expect(notice.content.first?.value == "姚姣2" && notice.untilDay == "2022-04-25")
            #expect(
                try await harness.declarations(officer).listNotices(.init()).notices.isEmpty,
                "it is the committee's")
            let objected = try await committee.recordObjection(
                .init(noticeID: notice.id, text: "业绩不实"))
            for stranger in [officer, harness.superior()] {
                let error = try await refusal {
                    try await harness.declarations(stranger).recordObjection(
                        .init(noticeID: notice.id, text: "x"))
                }
                #expect(error.code == .notFound)
            }
            harness.clock.advance(by: .seconds(7 * 86_400))
            let open = try await refusal {
                try await harness.decide(harness.row(id, for: token), .approved, by: token)
            }
            #expect(open.message.contains("1 件异议"))
            _ = try await committee.resolveObjection(
                .init(
                    noticeID: notice.id, objectionID: objected.objections.first?.id ?? "",
                    resolution: "经查不属实"))
            try await harness.pass(id, .approved, by: token, to: .passed)
            #expect(try await committee.listNotices(.init(running: true)).notices.isEmpty)
            let late = try await refusal {
                try await committee.recordObjection(.init(noticeID: notice.id, text: "晚了"))
            }
            #expect(late.code == .failedPrecondition)
        }
    }

    @Test func onlyTheirOwnDesks() async throws {
        try await Harness.run { harness in
            let id = try await harness.approved(harness.applicant(1), harness.officer("陈经办"))
            let province = harness.other(.superior, region: "350000")
            #expect(try await harness.waiting(province).count == 1)
            #expect(try await harness.tasks(province).count(.init()).pending == 1)
            let task = try #require(try await harness.waiting(harness.superior()).first)
            for stranger in [
                harness.other(.superior, region: "350200"),
                harness.other(.superior, region: "350102"), harness.committee(),
                harness.officer("郑经办", of: .company),
            ] {
                #expect(try await harness.waiting(stranger).isEmpty)
                #expect(try await harness.tasks(stranger).count(.init()).pending == 0)
                let calls: [() async throws -> Void] = [
                    { _ = try await harness.declarations(stranger).get(.init(id: id)) },
                    {
                        _ = try await harness.tasks(stranger).decide(
                            .init(
                                taskID: task.id, expectedVersion: task.version,
                                outcome: .approved, opinion: "同意"))
                    },
                ]
                for call in calls {
                    #expect(try await refusal { try await call() }.code == .notFound)
                }
            }
            let oneself = harness.other(.superior, region: "350100", key: "key-1")
            let row = try await harness.row(id, for: oneself)
            #expect(
                try await refusal { try await harness.decide(row, .approved, by: oneself) }.code
                    == .permissionDenied)
            let unknown = harness.other(.superior, region: "350100", recorded: false)
            #expect(
                try await refusal { try await harness.decide(row, .approved, by: unknown) }
                    .message.contains("RecordOfficer"))
            let nowhere = harness.other(.superior)
            #expect(
                try await refusal { try await harness.waiting(nowhere) }.code
                    == .permissionDenied)
        }
    }
}

extension Harness {
    /// Approved by its unit, with an occupied post: with the superiors.
    func approved(_ person: Applicant, _ officer: [UInt8]) async throws -> String {
        let row = try await ready(person, plan(), by: officer)
        _ = try await decide(row, .approved, by: officer)
        try await drained()
        return row.id
    }

    func secondPlan() async throws -> Declaration.Plan {
        var other = Declaration.Plan.engineering
        other.name = "2022年—另一评审委员会"
        return try await plan(other)
    }

    func waiting(_ token: [UInt8]) async throws -> [Tasks.Task] {
        try await tasks(token).list(Tasks.ListTasksRequest(view: .pending)).tasks
    }

    func vote(_ id: String, present: UInt32, inFavour: UInt32) async throws -> Declaration.Votes {
        try await declarations(committee()).saveVotes(
            Declaration.SaveVotesRequest(id: id, present: present, inFavour: inFavour))
    }

    /// One decision of a later node.
    func pass(
        _ id: String, _ outcome: Common.Outcome, by token: [UInt8], to phase: DeclarationPhase
    ) async throws {
        let reply = try await decide(row(id, for: token), outcome, by: token)
        #expect(reply.state == .done && reply.node == phase.node)
        #expect(try await row(id, for: token).state == phase.message)
    }

    /// From the superiors onwards; who has it then.
    func bring(_ id: String, to phase: DeclarationPhase) async throws -> [UInt8] {
        let (superior, committee) = (superior(), committee())
        if phase == .superiorReview { return superior }
        try await pass(id, .approved, by: superior, to: .committeeCheck)
        if phase == .committeeCheck { return committee }
        try await pass(id, .approved, by: committee, to: .expertReview)
        if phase == .expertReview { return committee }
        _ = try await vote(id, present: 3, inFavour: 3)
        try await pass(id, .approved, by: committee, to: .resultPublicity)
        return committee
    }
}
