import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// A7: an approved item comes back only by its unit's leave, and never under a declaration's feet.
@Suite struct WithdrawalTests {
    private let person = User.applicant()

    private func item(_ harness: Harness, _ id: String) async throws -> Archive.Item {
        try await harness.archive(person).getItem(Archive.GetItemRequest(id: id))
    }

    @Test func aGrantedRequestGivesTheItemBack() async throws {
        let harness = try Harness()
        let approved = try await harness.item(.approved, of: person)
        let asked = try await harness.withdraw(approved, person, reason: " 起始日期填错 ")
        #expect(asked.state == .pending && asked.stateLabel == "待处理" && asked.version == 1)
        #expect(asked.reason == "起始日期填错" && asked.itemVersion == approved.version)
        #expect(asked.kindLabel == "工作经历" && asked.mainName == "福州市第一中学")
        #expect(asked.taskID == "archive:withdrawal-\(asked.id):1" && !asked.referred)

        let tasks = harness.tasks(.school)
        let task = try #require(try await tasks.list(Tasks.ListTasksRequest()).tasks.first)
        #expect(task.id == asked.taskID && task.source == "archive" && task.kind == "withdrawal")
        #expect(task.kindLabel == "撤回申请" && task.title == "工作经历 福州市第一中学")
        #expect(task.objectID == asked.id && task.version == 1 && task.node == "单位审核")
        #expect(task.applicantName == "姣姣1" && task.sortMs == asked.requestedMs)
        let reply = try await harness.decide(asked, .approved, opinion: "同意更正")
        #expect(reply.state == .done && reply.version == 2 && reply.node == "申报人")

        let back = try await item(harness, approved.id)
        #expect(back.state == .returned && back.version == approved.version + 1)
        #expect(back.flow.map(\.action) == ["提交", "通过", "申请撤回", "同意撤回"])
        #expect(back.flow.last?.opinion == "同意更正")
        let kept = "SELECT count(*) FROM item_versions WHERE outcome = 1"
        #expect(try harness.number(kept) == 1, "the approved version is kept")
        var values = Harness.work
        values["start"] = "2012-08-01"
        let saved = try await harness.save(
            person, "work_history", values, id: back.id, version: back.version)
        let again = try await harness.submit(person, saved)
        #expect(again.round == 2)
        _ = try await harness.decide(again, .approved)
        #expect(try harness.number(kept) == 2)
        // The next request is about the new version.
        let next = try await harness.withdraw(try await item(harness, approved.id), person)
        #expect(next.itemVersion == again.version + 1)
    }

    @Test func aRefusedOrCancelledRequestLeavesTheItemAlone() async throws {
        let harness = try Harness()
        let approved = try await harness.item(.approved, of: person)
        let first = try await harness.withdraw(approved, person)
        let blank = try await refusal { try await harness.decide(first, .returned, opinion: "") }
        #expect(blank.fields == ["opinion"])
        let terminated = try await refusal { try await harness.decide(first, .terminated) }
        #expect(terminated.fields == ["outcome"])
        #expect(terminated.violations.first?.message == "撤回申请不能终止，请通过或退回")
        let reply = try await harness.decide(first, .returned, opinion: "材料无误")
        #expect(reply.node == "已驳回" && reply.outcome == .returned)
        let second = try await harness.withdraw(approved, person)
        let cancelled = try await harness.cancel(second, person)
        #expect(cancelled.state == .cancelled && cancelled.closedMs > 0)
        #expect(cancelled.taskID.isEmpty)
        let late = try await refusal { try await harness.decide(second, .approved) }
        #expect(late.code == .aborted && late.message == "该撤回申请已由申报人取消")
        let again = try await refusal { try await harness.cancel(cancelled, person) }
        #expect(again.code == .failedPrecondition)
        let after = try await item(harness, approved.id)
        #expect(after.state == .approved && after.version == approved.version)
        #expect(after.flow.suffix(3).map(\.action) == ["驳回撤回", "申请撤回", "取消撤回"])
        // A cancelled request is no task, neither a waiting nor a decided one.
        let tasks = harness.tasks(.school)
        #expect(try await tasks.list(Tasks.ListTasksRequest()).tasks.isEmpty)
        let counts = try await tasks.count(Tasks.CountTasksRequest()).counts[1]
        #expect(counts.pending == 0 && counts.processed == 1 && counts.returned == 1)
    }

    @Test func aDeclarationInFlightBlocksTheGrant() async throws {
        let harness = try Harness()
        let approved = try await harness.item(.approved, of: person)
        let asked = try await harness.withdraw(approved, person)
        #expect(try await harness.pin(approved))
        let seen = try await harness.archive(.school).getWithdrawal(
            Archive.GetWithdrawalRequest(id: asked.id))
        #expect(seen.referred)
        let error = try await refusal { try await harness.decide(asked, .approved) }
        #expect(error.code == .failedPrecondition && error.message.contains("在途申报"))
        #expect(try await item(harness, approved.id).state == .approved)
        try await harness.unpin()
        _ = try await harness.decide(asked, .approved)
        #expect(try await item(harness, approved.id).state == .returned)
        #expect(try await harness.pin(approved, round: 2) == false, "it is not approved any more")
        // Refusing is possible while it is referred to.
        let other = try await harness.item(.approved, of: person)
        #expect(try await harness.pin(other, round: 3))
        let second = try await harness.withdraw(other, person)
        #expect(second.referred)
        _ = try await harness.decide(second, .returned)
    }

    @Test func aPinAndAGrantNeverBothWin() async throws {
        let harness = try Harness()
        for round in Int64(1)...10 {
            let approved = try await harness.item(.approved, of: person)
            let asked = try await harness.withdraw(approved, person)
            async let pinned = harness.pin(approved, round: round)
            async let granted = try? harness.decide(asked, .approved)
            let (isPinned, reply) = try await (pinned, granted)
            #expect(isPinned != (reply != nil))
            let isApproved = try await item(harness, approved.id).state == .approved
            #expect(isApproved == isPinned)
        }
    }

    @Test func whatARequestNeeds() async throws {
        let harness = try Harness()
        let approved = try await harness.item(.approved, of: person)
        for (reason, _) in [("", 0), (" \n", 0), (String(repeating: "长", count: 2_001), 0)] {
            let error = try await refusal {
                try await harness.withdraw(approved, person, reason: reason)
            }
            #expect(error.fields == ["reason"])
        }
        for phase in ItemPhase.allCases where phase != .approved {
            let other = try await harness.item(phase, of: person)
            let error = try await refusal { try await harness.withdraw(other, person) }
            #expect(error.code == .failedPrecondition, "\(phase)")
        }
        var stale = approved
        stale.version = 1
        #expect(try await refusal { try await harness.withdraw(stale, person) }.code == .aborted)
        let foreign = try await refusal { try await harness.withdraw(approved, .applicant(2)) }
        #expect(foreign.code == .notFound)
        #expect(try harness.number("SELECT count(*) FROM withdrawals") == 0)
        let key = IdempotencyKey.random()
        let asked = try await harness.withdraw(approved, person, key: key)
        #expect(try await harness.withdraw(approved, person, key: key) == asked)
        let second = try await refusal { try await harness.withdraw(approved, person) }
        #expect(second.code == .alreadyExists)
        let stranger = try await refusal { try await harness.cancel(asked, .applicant(2)) }
        #expect(stranger.code == .notFound)
    }

    @Test func itIsDecidedOnceAndNotByThePersonConcerned() async throws {
        let harness = try Harness()
        let approved = try await harness.item(.approved, of: person)
        let asked = try await harness.withdraw(approved, person)
        var same = User.colleague
        same.personKey = person.personKey
        let own = try await refusal { try await harness.decide(asked, .approved, by: same) }
        #expect(own.code == .permissionDenied && own.message.contains("本人"))
        let foreign = try await refusal { try await harness.decide(asked, .approved, by: .company) }
        #expect(foreign.code == .notFound)
        var stale = asked
        stale.version = 9
        #expect(try await refusal { try await harness.decide(stale, .approved) }.code == .aborted)
        let key = IdempotencyKey.random()
        let first = try await harness.decide(asked, .returned, key: key)
        #expect(try await harness.decide(asked, .returned, key: key) == first)
        let late = try await refusal { try await harness.decide(asked, .approved, by: .colleague) }
        #expect(late.code == .aborted && late.message == "该任务已由陈经办审核：退回")
        let reply = try await harness.tasks(.colleague).getDecision(
            Tasks.GetDecisionRequest(
                taskID: "archive:withdrawal-\(asked.id):1", decisionID: first.decisionID))
        #expect(reply == first)
        let audited = "SELECT count(*) FROM audit WHERE action LIKE 'archive.withdrawal.%'"
        #expect(try harness.number(audited) == 2)
    }

    @Test func theListHasTabsSearchAndPages() async throws {
        let harness = try Harness()
        var asked: [Archive.Withdrawal] = []
        for n in 1...5 {
            let user = User.applicant(n, name: n == 5 ? "姚姣2" : "姣姣\(n)")
            let approved = try await harness.item(.approved, of: user)
            asked.append(try await harness.withdraw(approved, user))
        }
        _ = try await harness.decide(asked[0], .approved)
        _ = try await harness.decide(asked[1], .returned)
        _ = try await harness.cancel(asked[2], .applicant(3, name: "姣姣3"))
        let archive = harness.archive(.school)
        let list = try await archive.listWithdrawals(Archive.ListWithdrawalsRequest())
        #expect(list.tabs.map(\.label) == ["全部", "待处理", "已同意", "已驳回", "已取消"])
        #expect(list.tabs.map(\.count) == [5, 2, 1, 1, 1] && list.total == 5)
        #expect(list.withdrawals.map(\.id) == asked.reversed().map(\.id))
        let found = try await archive.listWithdrawals(
            Archive.ListWithdrawalsRequest(search: "姚姣", state: .pending))
        #expect(found.withdrawals.map(\.id) == [asked[4].id] && found.total == 1)
        #expect(found.tabs.map(\.count) == [1, 1, 0, 0, 0])
        var seen: [String] = []
        var cursor: [UInt8] = []
        repeat {
            let page = try await archive.listWithdrawals(
                Archive.ListWithdrawalsRequest(page: Common.PageRequest(size: 2, cursor: cursor)))
            seen += page.withdrawals.map(\.id)
            cursor = page.nextCursor
        } while !cursor.isEmpty
        #expect(seen == list.withdrawals.map(\.id))
        let own = try await harness.archive(.applicant(5, name: "姚姣2")).listWithdrawals(
            Archive.ListWithdrawalsRequest())
        #expect(own.withdrawals.map(\.id) == [asked[4].id])
        let foreign = try await harness.archive(.company).listWithdrawals(
            Archive.ListWithdrawalsRequest())
        #expect(foreign.total == 0 && foreign.withdrawals.isEmpty)
        let unknown = try await refusal {
            try await harness.archive(.company).getWithdrawal(
                Archive.GetWithdrawalRequest(id: asked[0].id))
        }
        #expect(unknown.code == .notFound)
        let wrong = try await refusal {
            try await archive.listWithdrawals(
                Archive.ListWithdrawalsRequest(
                    search: String(repeating: "名", count: 51), state: .init(rawValue: 9)))
        }
        #expect(wrong.fields == ["search", "state"])
    }

    /// What the task centre merges: both kinds in one order, in pages without gaps, narrowed by kind.
    @Test func bothKindsAreOneList() async throws {
        let harness = try Harness()
        var expected: [String] = []
        for n in 1...6 {
            let user = User.applicant(n, name: "姣姣\(n)")
            let approved = try await harness.item(.approved, of: user)
            expected.append(try await harness.withdraw(approved, user).taskID)
            expected.append(try await harness.reviewing(user).taskID)
        }
        var seen: [Tasks.Task] = []
        var cursor: [UInt8] = []
        repeat {
            let page = try await harness.tasks(.school).list(
                Tasks.ListTasksRequest(page: Common.PageRequest(size: 3, cursor: cursor)))
            seen += page.tasks
            cursor = page.nextCursor
        } while !cursor.isEmpty
        #expect(Set(seen.map(\.id)) == Set(expected) && seen.count == 12)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { ($0.sortMs, $0.id) > ($1.sortMs, $1.id) })
        for kind in ["withdrawal", "archive_item"] {
            let page = try await harness.tasks(.school).list(
                Tasks.ListTasksRequest(
                    filter: Tasks.TaskFilter(kinds: [kind]), page: Common.PageRequest(size: 10)))
            #expect(page.tasks.count == 6 && page.tasks.allSatisfy { $0.kind == kind })
        }
        let withdrawal = try #require(seen.last { $0.kind == "withdrawal" })
        _ = try await harness.tasks(.colleague).decide(
            Tasks.DecideRequest(
                taskID: withdrawal.id, expectedVersion: withdrawal.version, outcome: .returned,
                opinion: "材料无误"))
        let mine = try await harness.tasks(.colleague).list(
            Tasks.ListTasksRequest(view: .processed, filter: Tasks.TaskFilter(mine: true)))
        let done = try #require(mine.tasks.first)
        #expect(mine.tasks.count == 1 && done.id == withdrawal.id && done.outcomeLabel == "退回")
        #expect(done.opinion == "材料无误" && done.decidedByName == "王审核" && done.version == 2)
        #expect(done.stateLabel == "已驳回")
    }
}
