import Messages
import ServiceRuntime
import TestSupport
import Testing

@testable import IdentityService

@Suite("How identity-service's lists are read")
struct QueryPlanTests {
    @Test(
        "A page of tasks seeks in an index that has its order",
        arguments: [("pending", true, nil), ("processed", false, nil), ("mine", false, "officer")])
    func tasks(index: String, isPending: Bool, decidedBy: String?) throws {
        let harness = try Harness()
        let bounds = try PageBounds(Common.PageRequest(size: 10))
        let plan = try harness.database.queryPlan { rows in
            _ = try ReviewStore.page(
                ReviewStore.Filter(side: .unit("unit"), isPending: isPending, decidedBy: decidedBy),
                bounds, rows)
        }
        #expect(plan.count == 1)
        #expect(plan[0].contains("USING INDEX rounds_\(index) (unit_id=?"))
        #expect(
            plan[0].hasSuffix("(entered_ms,task_id)<(?,?))"),
            "a later page does not read those before it")
    }

    @Test("Counts are looked up, not counted")
    func counts() throws {
        let harness = try Harness()
        let plan = try harness.database.queryPlan { rows in
            _ = try ReviewStore.counts(.unit("unit"), rows)
        }
        #expect(plan.count == 1 && plan[0].hasPrefix("SEARCH review_counts"))
    }
}
