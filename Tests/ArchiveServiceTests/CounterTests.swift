import Messages
import RPC
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import ArchiveService

/// Counters are kept beside the rows: after any history they equal a recount.
@Suite struct CounterTests {
    @Test(arguments: 1...6)
    func countersEqualARecountAfterARandomHistory(_ seed: UInt64) async throws {
        let harness = try Harness()
        var generator = SeededNumbers(seed)
        var items: [(User, Archive.Item)] = []
        for step in 0..<120 {
            // People change their unit between submissions.
            let unit = Bool.random(using: &generator) ? "school" : "company"
            let officer: User = unit == "school" ? .school : .company
            if items.isEmpty || Int.random(in: 0..<4, using: &generator) == 0 {
                let user = User.applicant(step, unit: unit)
                let isWork = Bool.random(using: &generator)
                items.append(
                    (
                        user,
                        isWork
                            ? try await harness.save(user, "work_history", Harness.work)
                            : try await harness.save(
                                user, "society_post", ["name": "学会", "post": "理事"])
                    ))
                continue
            }
            let index = Int.random(in: 0..<items.count, using: &generator)
            var (user, item) = items[index]
            user.unitID = unit
            // Most of what is tried here is refused; nothing refused may count.
            switch Int.random(in: 0..<10, using: &generator) {
            case 0, 1, 2: _ = try? await harness.submit(user, item)
            case 6: _ = try? await harness.withdraw(item, user)
            case 7, 8: await endWithdrawal(harness, item, user, officer, &generator)
            case 9: _ = try? await harness.retract(user, item)
            case 3: _ = try? await harness.decide(item, .approved, by: officer)
            case 4: _ = try? await harness.decide(item, .returned, by: officer)
            default: _ = try? await harness.decide(item, .terminated, by: officer)
            }
            item = try await harness.archive(user).getItem(Archive.GetItemRequest(id: item.id))
            items[index] = (user, item)
        }
        try expectRecount(harness)
        for user in [User.school, .company] { try await expectAnswers(harness, user) }
        // So they do when one unit is merged into the other.
        try await harness.merge("school", into: "company")
        try expectRecount(harness)
        for user in [User.school, .company] { try await expectAnswers(harness, user) }
        #expect(try harness.number("SELECT count(*) FROM items WHERE unit_id = 'school'") == 0)
    }

    /// Grants, refuses or cancels the item's request.
    private func endWithdrawal(
        _ harness: Harness, _ item: Archive.Item, _ user: User, _ officer: User,
        _ generator: inout SeededNumbers
    ) async {
        let list = try? await harness.archive(user).listWithdrawals(
            Archive.ListWithdrawalsRequest(state: .pending))
        guard let found = list?.withdrawals.first(where: { $0.itemID == item.id }) else { return }
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: _ = try? await harness.decide(found, .approved, by: officer)
        case 1: _ = try? await harness.decide(found, .returned, by: officer)
        default: _ = try? await harness.cancel(found, user)
        }
    }

    private func expectRecount(_ harness: Harness) throws {
        let drift = try harness.number(
            """
            SELECT count(*) FROM (
                SELECT unit_id, kind, state, items FROM item_counts WHERE items > 0
                EXCEPT
                SELECT unit_id, kind, state, count(*) FROM items WHERE state <> 1
                GROUP BY unit_id, kind, state)
            """)
        let missing = try harness.number(
            """
            SELECT count(*) FROM (
                SELECT unit_id, kind, state, count(*) FROM items WHERE state <> 1
                GROUP BY unit_id, kind, state
                EXCEPT
                SELECT unit_id, kind, state, items FROM item_counts)
            """)
        #expect(drift == 0 && missing == 0)
        let requests = try harness.number(
            """
            SELECT count(*) FROM (
                SELECT unit_id, state, requests FROM withdrawal_counts WHERE requests > 0
                EXCEPT
                SELECT unit_id, state, count(*) FROM withdrawals GROUP BY unit_id, state)
            """)
        let counted = try harness.number("SELECT coalesce(sum(requests), 0) FROM withdrawal_counts")
        #expect(requests == 0)
        #expect(try harness.number("SELECT count(*) FROM withdrawals") == counted)
        let rows = try harness.number("SELECT count(*) FROM items WHERE state <> 1")
        #expect(rows > 5)
    }

    private func expectAnswers(_ harness: Harness, _ user: User) async throws {
        func tasks(_ condition: String) throws -> Int64 {
            try harness.number(
                "SELECT count(*) FROM item_versions WHERE unit_id = ? AND \(condition)",
                [.text(user.unitID)])
        }
        let reply = try await harness.tasks(user).count(Tasks.CountTasksRequest())
        #expect(reply.counts.map(\.kind) == ["archive_item", "withdrawal"])
        let counts = try #require(reply.counts.first)
        #expect(counts.pending == (try tasks(VersionStore.pending)))
        for (view, count) in [
            (Tasks.TaskView.pending, reply.pending), (.processed, reply.processed),
        ] {
            let page = try await harness.tasks(user).list(
                Tasks.ListTasksRequest(view: view, page: Common.PageRequest(size: 200)))
            #expect(Int64(page.tasks.count) == count)
        }
        #expect(counts.approved == (try tasks("outcome = 1")))
        #expect(counts.returned == (try tasks("outcome = 2")))
        #expect(counts.terminated == (try tasks("outcome = 3")))
        #expect(counts.processed == (try tasks("outcome IS NOT NULL")))
        let tree = try await harness.archive(user).getTree(Archive.GetTreeRequest())
        #expect(
            tree.statistics.first?.count
                == (try harness.number(
                    "SELECT count(*) FROM items WHERE unit_id = ? AND state <> 1",
                    [.text(user.unitID)])))
    }
}
