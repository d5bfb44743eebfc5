import Domain
import Messages
import ServiceRuntime
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// A page reads its own rows: neither those before it, nor all of a mailbox to sort them.
    @Suite struct QueryPlanTests {
        private let centre: Centre
        private let bounds: PageBounds
        private let view = KnownView(unit: "unit-1", isPending: true)

        init() throws {
            centre = try Centre()
            bounds = try PageBounds(Common.PageRequest(size: 10))
        }

        @Test(arguments: [true, false])
        func aPageOfNotificationsMergesTwoMailboxes(unread: Bool) throws {
            let session = try Person.session(of: Person.officer.token)
            let reader = try NotificationReader(Caller(service: nil, session: session))
            let plan = try centre.test.environment.database.queryPlan { rows in
                _ = try NotificationStore.page(of: reader, unread: unread, bounds, rows)
            }
            #expect(plan.first == "MERGE (UNION ALL)")
            let places = plan.filter { $0.hasSuffix("(mailbox=? AND (at_ms,id)<(?,?))") }
            #expect(places.count == 2 && places.allSatisfy { $0.hasPrefix("SEARCH") })
            #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.hasPrefix("SCAN") })
        }

        @Test func aPageOfLastKnownRowsSeeksInItsOrder() throws {
            let query = try TaskQuery(Tasks.ListTasksRequest(), personID: "officer")
            let database = centre.test.environment.database
            let page = try database.queryPlan { rows in
                _ = try KnownStore.page(of: "archive", in: view, query, bounds, rows)
            }
            let list = "SEARCH known_tasks USING INDEX known_tasks_list"
            let scope = "unit_id=? AND source=? AND is_pending=?"
            #expect(page == ["\(list) (\(scope) AND (sort_ms,task_id)<(?,?))"])
            let part = try database.queryPlan { rows in
                _ = try KnownStore.bodies(
                    of: "archive", in: view, from: bounds.start, to: nil, rows)
            }
            let both = "(sort_ms,task_id)>(?,?) AND (sort_ms,task_id)<(?,?)"
            #expect(part == ["\(list) (\(scope) AND \(both))"])
        }

        @Test func whatNobodyLooksAtIsFoundByItsAge() throws {
            let plan = try centre.test.environment.database.queryPlan { rows in
                _ = try ForgetUnseen(today: CivilDay(Timestamp(milliseconds: 0))).read(rows)
            }
            #expect(
                plan == ["SEARCH known_units USING INDEX known_units_age (seen_day<?)"])
        }
    }
}
