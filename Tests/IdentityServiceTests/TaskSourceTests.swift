import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

@Suite struct TaskSourceTests {
    private func processed(
        _ harness: Harness, _ session: [UInt8], mine: Bool = false
    ) async throws -> [Tasks.Task] {
        try await harness.tasks(session).list(
            Tasks.ListTasksRequest(view: .processed, filter: Tasks.TaskFilter(mine: mine))
        ).tasks
    }

    @Test func aTaskIsDecidedAndBecomesProcessed() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let registration = try await harness.register(person, with: unit.id)
        let pending = try await harness.tasks(unit.session).list(Tasks.ListTasksRequest()).tasks
        let task = try #require(pending.first)
        #expect(pending.count == 1)
        #expect(task.id == "identity:\(registration.id):1" && task.source == "identity")
        #expect(task.kind == "registration" && task.kindLabel == "人员注册")
        #expect(task.applicantName == "姣姣1" && task.title == "人员注册 姣姣1")
        #expect(task.stateLabel == "审核中" && task.node == "单位审核" && task.version == 1)
        #expect(task.sortMs == registration.registeredMs && task.outcome == .unspecified)

        harness.clock.advance(by: .seconds(30))
        let reply = try await harness.decide(registration, .approved, by: unit.session)
        #expect(reply.state == .done && reply.outcome == .approved && reply.version == 2)
        #expect(try await harness.tasks(unit.session).list(Tasks.ListTasksRequest()).tasks.isEmpty)
        let done = try #require(try await processed(harness, unit.session).first)
        #expect(done.outcome == .approved && done.outcomeLabel == "通过")
        #expect(done.opinion == "情况属实" && done.decidedByName == "陈经办")
        #expect(done.sortMs == task.sortMs && done.decidedMs >= task.sortMs + 30_000)
        #expect(done.version == 2)
        let asked = try await harness.tasks(unit.session).getDecision(
            Tasks.GetDecisionRequest(taskID: task.id, decisionID: reply.decisionID))
        #expect(asked == reply)
        #expect(
            try await refusal {
                try await harness.tasks(unit.session).getDecision(
                    Tasks.GetDecisionRequest(taskID: task.id, decisionID: "other"))
            }.code == .notFound)
        let described = try await harness.service.describePerson(
            Identity.DescribePersonRequest(personID: person.account.personID))
        #expect(described.registration == .approved)
    }

    @Test func aDecisionIsMadeOnce() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let registration = try await harness.register(person, with: unit.id)
        let key = IdempotencyKey.random()
        let first = try await harness.decide(registration, .approved, by: unit.session, key: key)
        let again = try await harness.decide(registration, .approved, by: unit.session, key: key)
        #expect(first == again)
        let other = try await refusal {
            try await harness.decide(registration, .returned, by: unit.session, key: key)
        }
        #expect(other.verdict == .never)
        let late = try await refusal {
            try await harness.decide(registration, .returned, by: unit.session)
        }
        #expect(late.code == .aborted)
        #expect(try late.details.first?.decode(as: Common.VersionFacts.self)?.currentVersion == 2)
        #expect(try harness.number("SELECT count(*) FROM review_rounds WHERE outcome = 1") == 1)
        #expect(
            try harness.number("SELECT count(*) FROM flow_steps") == 2, "one step per event")
    }

    @Test func whatADecisionNeeds() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let registration = try await harness.register(person, with: unit.id)
        let blank = try await refusal {
            try await harness.decide(registration, .unspecified, by: unit.session, opinion: " ")
        }
        #expect(blank.fields == ["opinion", "outcome"])
        let terminated = try await refusal {
            try await harness.decide(registration, .terminated, by: unit.session)
        }
        #expect(terminated.fields == ["outcome"])
        let long = try await refusal {
            try await harness.decide(
                registration, .returned, by: unit.session,
                opinion: String(repeating: "长", count: 2_001))
        }
        #expect(long.fields == ["opinion"])
        var old = registration
        old.version = 7
        #expect(
            try await refusal { try await harness.decide(old, .approved, by: unit.session) }.code
                == .aborted)
        let wrongRound = try await refusal {
            try await harness.decide(registration, .approved, round: 2, by: unit.session)
        }
        #expect(wrongRound.code == .notFound)
        let reply = try await harness.decide(
            registration, .returned, by: unit.session,
            opinion: "请补正：\n" + String(repeating: "长", count: 1_990))
        #expect(reply.outcome == .returned && reply.node == "申报人")
    }

    @Test func theChecklistOfAReturnIsPartOfItsOpinion() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let registration = try await harness.register(try await harness.applicant(1), with: unit.id)
        var request = Tasks.DecideRequest(
            taskID: "identity:\(registration.id):1", expectedVersion: 1, outcome: .approved,
            opinion: "请补正", defects: ["手机号停机", "邮箱有误"])
        #expect(
            try await refusal { try await harness.tasks(unit.session).decide(request) }.fields
                == ["defects"])
        request.outcome = .returned
        _ = try await harness.tasks(unit.session).decide(request)
        #expect(try await processed(harness, unit.session).first?.opinion == "请补正\n手机号停机\n邮箱有误")
    }

    @Test func nobodyDecidesOnThemselves() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let reviewer = try await harness.account(
            Identity.CreateAccountRequest(
                account: "reviewer-1", role: .unitReviewer, unitID: unit.id))
        let registration = try await harness.register(person, with: unit.id)
        let unrecorded = try await refusal {
            try await harness.decide(registration, .approved, by: reviewer.session)
        }
        #expect(
            unrecorded.code == .failedPrecondition && unrecorded.message.contains("RecordOfficer"))
        _ = try await harness.identity(reviewer.session).recordOfficer(
            Identity.RecordOfficerRequest(name: "姣姣1", idNumber: person.number))
        let own = try await refusal {
            try await harness.decide(registration, .approved, by: reviewer.session)
        }
        #expect(own.code == .permissionDenied)
        _ = try await harness.decide(registration, .approved, by: unit.session)
    }

    @Test func theRaceForADecisionHasOneWinner() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let registration = try await harness.register(try await harness.applicant(1), with: unit.id)
        let winners = await withTaskGroup(of: Bool.self) { group in
            for n in 0..<20 {
                group.addTask {
                    let outcome: Common.Outcome = n.isMultiple(of: 2) ? .approved : .returned
                    return (try? await harness.decide(registration, outcome, by: unit.session))
                        != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test func filters() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        for (n, name) in ["姣姣1", "姣姣2", "姚姣2"].enumerated() {
            let session = try await harness.signIn(.school).session
            _ = try await harness.register(
                try await harness.applicant(n + 1, name: name), with: unit.id)
            _ = session
            harness.clock.advance(by: .seconds(24 * 3_600))
        }
        let session = try await harness.signIn(.school).session
        func names(_ filter: Tasks.TaskFilter) async throws -> [String] {
            try await harness.tasks(session).list(Tasks.ListTasksRequest(filter: filter)).tasks
                .map(\.applicantName)
        }
        #expect(try await names(Tasks.TaskFilter()) == ["姚姣2", "姣姣2", "姣姣1"])
        #expect(try await names(Tasks.TaskFilter(applicant: "姣2")) == ["姚姣2", "姣姣2"])
        #expect(try await names(Tasks.TaskFilter(fromDay: "2022-04-20")) == ["姚姣2", "姣姣2"])
        #expect(try await names(Tasks.TaskFilter(toDay: "2022-04-19")) == ["姣姣1"])
        #expect(
            try await names(Tasks.TaskFilter(fromDay: "2022-04-20", toDay: "2022-04-20")) == ["姣姣2"]
        )
        #expect(
            try await names(Tasks.TaskFilter(fromDay: "2022-04-21", toDay: "2022-04-20")).isEmpty)
        #expect(try await names(Tasks.TaskFilter(kinds: ["declaration"])).isEmpty)
        #expect(
            try await names(Tasks.TaskFilter(kinds: ["declaration", "registration"])).count == 3)
        #expect(try await names(Tasks.TaskFilter(claimedBy: "none")).count == 3)
        #expect(try await names(Tasks.TaskFilter(claimedBy: "somebody")).isEmpty)
        let wrong = try await refusal {
            try await names(Tasks.TaskFilter(fromDay: "19.4.2022", toDay: "2022-13-01"))
        }
        #expect(wrong.fields == ["filter.from_day", "filter.to_day"])
    }

    @Test func mineIsWhatThisOfficerDecided() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let colleague = try await harness.signIn(
            VouchedAgent.school.agent("mzt-agent-7", name: "新经办", sequence: 907)
        ).session
        for (n, session) in [unit.session, colleague].enumerated() {
            let registration = try await harness.register(
                try await harness.applicant(n + 1), with: unit.id)
            _ = try await harness.decide(registration, .approved, by: session)
        }
        #expect(try await processed(harness, unit.session).count == 2)
        #expect(
            try await processed(harness, colleague, mine: true).map(\.decidedByName) == ["新经办"])
    }

    @Test func countersEqualTheRows() async throws {
        let harness = try Harness()
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        var generator = SystemRandomNumberGenerator()
        for n in 1...8 {
            let person = try await harness.applicant(n)
            let unit = n.isMultiple(of: 3) ? company : school
            let registration = try await harness.register(person, with: unit.id)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: break
            case 1: _ = try await harness.decide(registration, .approved, by: unit.session)
            default:
                _ = try await harness.decide(registration, .returned, by: unit.session)
                _ = try await harness.register(person, with: school.id)
            }
            // A refused decision counts nothing.
            _ = try? await harness.decide(registration, .approved, round: 9, by: unit.session)
        }
        for unit in [school, company] {
            let reply = try await harness.tasks(unit.session).count(Tasks.CountTasksRequest())
            let counted = try #require(reply.counts.first)
            func rows(_ condition: String) throws -> Int64 {
                try harness.number(
                    "SELECT count(*) FROM review_rounds WHERE unit_id = ? AND outcome \(condition)",
                    [.text(unit.id)])
            }
            #expect(counted.pending == (try rows("IS NULL")) && reply.pending == counted.pending)
            #expect(counted.approved == (try rows("= 1")))
            #expect(counted.returned == (try rows("= 2")))
            #expect(counted.processed == counted.approved + counted.returned)
            #expect(reply.processed == counted.processed && counted.terminated == 0)
        }
    }
}
