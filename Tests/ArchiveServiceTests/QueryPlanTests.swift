import Messages
import ServiceRuntime
import TestSupport
import Testing

@testable import ArchiveService

@Suite("How archive-service's lists are read")
struct QueryPlanTests {
    @Test(
        "A page of tasks seeks in an index that has its order",
        arguments: [true, false], [nil, "officer"])
    func tasks(isPending: Bool, decidedBy: String?) throws {
        guard !isPending || decidedBy == nil else { return }
        let harness = try Harness()
        let filter = TaskFilter(side: .unit("unit"), isPending: isPending, decidedBy: decidedBy)
        let index = isPending ? "pending" : decidedBy == nil ? "processed" : "mine"
        let bounds = try PageBounds(Common.PageRequest(size: 10))
        let items = try harness.database.queryPlan { rows in
            _ = try VersionStore.page(filter, bounds, rows)
        }
        #expect(items.count == 1)
        #expect(items[0].contains("USING INDEX item_versions_\(index) (unit_id=?"))
        #expect(
            items[0].hasSuffix("(entered_ms,task_id)<(?,?))"),
            "a later page does not read those before it")
        let withdrawals = try harness.database.queryPlan { rows in
            _ = try WithdrawalStore.page(filter, bounds, rows)
        }
        #expect(withdrawals.first?.contains("USING INDEX withdrawals_\(index) (unit_id=?") == true)
        #expect(!(items + withdrawals).contains { $0.contains("TEMP B-TREE") })
    }

    @Test("Counts are looked up, not counted")
    func counts() throws {
        let harness = try Harness()
        let plan = try harness.database.queryPlan { rows in
            _ = try VersionStore.counts(.unit("unit"), rows)
            _ = try WithdrawalStore.counts(WithdrawalStore.Filter(side: .unit("unit")), rows)
        }
        #expect(plan.count == 2)
        #expect(plan[0].hasPrefix("SEARCH task_counts"))
        #expect(plan[1].hasPrefix("SEARCH withdrawal_counts"))
    }
}
