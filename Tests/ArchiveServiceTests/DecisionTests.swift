import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

@Suite struct DecisionTests {
    private let person = User.applicant()

    @Test func aTaskIsDecidedAndBecomesProcessed() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(person)
        let tasks = harness.tasks(.school)
        let task = try #require(try await tasks.list(Tasks.ListTasksRequest()).tasks.first)
        #expect(task.id == item.taskID && task.source == "archive" && task.kind == "archive_item")
        #expect(task.kindLabel == "业绩档案" && task.title == "工作经历 福州市第一中学")
        #expect(task.applicantName == "姣姣1" && task.applicantID == person.personID)
        #expect(task.sortMs == item.submittedMs && task.version == item.version)
        #expect(task.stateLabel == "审核中" && task.node == "单位审核")
        let reply = try await harness.decide(item, .terminated, opinion: "材料不实")
        #expect(reply.node == "终止" && reply.outcome == .terminated)
        #expect(try await tasks.list(Tasks.ListTasksRequest()).tasks.isEmpty)
        let done = try #require(
            try await tasks.list(Tasks.ListTasksRequest(view: .processed)).tasks.first)
        #expect(done.outcome == .terminated && done.outcomeLabel == "终止")
        #expect(done.opinion == "材料不实" && done.decidedByName == "陈经办")
        #expect(done.sortMs == task.sortMs && done.version == item.version + 1)
        let asked = try await tasks.getDecision(
            Tasks.GetDecisionRequest(taskID: task.id, decisionID: reply.decisionID))
        #expect(asked == reply)
        for (user, id) in [(User.school, "other"), (.company, reply.decisionID)] {
            let error = try await refusal {
                try await harness.tasks(user).getDecision(
                    Tasks.GetDecisionRequest(taskID: task.id, decisionID: id))
            }
            #expect(error.code == .notFound)
        }
    }

    @Test func aDecisionIsMadeOnce() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(person)
        let key = IdempotencyKey.random()
        let first = try await harness.decide(item, .approved, key: key)
        #expect(try await harness.decide(item, .approved, key: key) == first)
        let reused = try await refusal { try await harness.decide(item, .returned, key: key) }
        #expect(reused.verdict == .never)
        let late = try await refusal {
            try await harness.decide(item, .returned, by: .colleague)
        }
        #expect(late.code == .aborted && late.message == "该任务已由陈经办审核：通过")
        #expect(try late.details.first?.decode(as: Common.VersionFacts.self)?.currentVersion == 3)
        let facts = try late.details.last?.decode(as: Tasks.DecidedFacts.self)
        #expect(facts?.decidedByName == "陈经办" && facts?.outcome == .approved)
        #expect(try harness.number("SELECT count(*) FROM flow_steps") == 2)
        #expect(try harness.number("SELECT count(*) FROM idempotency WHERE keep = 1") >= 1)
    }

    @Test func whatADecisionNeeds() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(person)
        let blank = try await refusal {
            try await harness.decide(item, .unspecified, opinion: " ")
        }
        #expect(blank.fields == ["opinion", "outcome"])
        let long = try await refusal {
            try await harness.decide(
                item, .approved, opinion: String(repeating: "长", count: 2_001))
        }
        #expect(long.fields == ["opinion"])
        var stale = item
        stale.version = 7
        let conflict = try await refusal { try await harness.decide(stale, .approved) }
        #expect(conflict.code == .aborted)
        #expect(
            try conflict.details.first?.decode(as: Common.VersionFacts.self)?.currentVersion == 2)
        var later = item
        later.round = 2
        #expect(try await refusal { try await harness.decide(later, .approved) }.code == .notFound)
        _ = try await harness.decide(
            item, .returned, opinion: String(repeating: "长", count: 2_000))
    }

    @Test func theChecklistOfAReturnIsPartOfItsOpinion() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(person)
        var request = Tasks.DecideRequest(
            taskID: item.taskID, expectedVersion: item.version, outcome: .approved,
            opinion: "请补正", defects: ["单位有误", "缺结束日期"])
        #expect(
            try await refusal { try await harness.tasks(.school).decide(request) }.fields
                == ["defects"])
        request.outcome = .returned
        _ = try await harness.tasks(.school).decide(request)
        let shown = try await harness.archive(person).getItem(Archive.GetItemRequest(id: item.id))
        #expect(shown.flow.last?.opinion == "请补正\n单位有误\n缺结束日期")
    }

    @Test func nobodyDecidesOnThemselves() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(person)
        var samePerson = User.colleague
        samePerson.personKey = person.personKey
        var sameAccount = User.colleague
        sameAccount.personID = person.personID
        for user in [samePerson, sameAccount] {
            let own = try await refusal { try await harness.decide(item, .approved, by: user) }
            #expect(own.code == .permissionDenied && own.message.contains("本人"))
        }
        var unrecorded = User.colleague
        unrecorded.isRecorded = false
        let error = try await refusal {
            try await harness.decide(item, .approved, by: unrecorded)
        }
        #expect(error.code == .failedPrecondition && error.message.contains("RecordOfficer"))
        _ = try await harness.decide(item, .approved, by: .colleague)
    }

    @Test func theRaceForADecisionHasOneWinner() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(person)
        let winners = await withTaskGroup(of: Bool.self) { group in
            for n in 0..<20 {
                group.addTask {
                    let outcome: Common.Outcome = n.isMultiple(of: 2) ? .approved : .returned
                    return
                        (try? await harness.decide(
                            item, outcome, by: n.isMultiple(of: 3) ? .school : .colleague)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
        #expect(try harness.number("SELECT count(*) FROM item_versions WHERE outcome > 0") == 1)
    }
}
