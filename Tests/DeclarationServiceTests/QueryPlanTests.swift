import Messages
import RPC
import ServiceRuntime
import Storage
import TestSupport
import Testing

@testable import DeclarationService

@Suite("How declaration-service's lists are read")
struct QueryPlanTests {
    private let test: TestEnvironment
    private let viewer: Viewer

    init() throws {
        test = try TestEnvironment(
            name: "declaration-service", migrations: declarationMigrations,
            clockStart: "2022-04-19T09:00+08:00")
        let session = Identity.Session(
            personID: "officer", role: .unitReviewer, unit: Identity.UnitSummary(id: "unit"),
            unitOfficers: 2)
        viewer = .officer(try Caller(service: nil, session: session).officer())
    }

    private func plan(_ read: (any RowReader) throws -> Void) throws -> [String] {
        try test.environment.database.queryPlan(read)
    }

    @Test("The sweep of files seeks its part of the materials")
    func sweep() throws {
        let plan = try plan { rows in
            _ = try AttachmentPart(1).hashes(in: "materials", "sha256", rows)
        }
        let index = "SEARCH materials USING COVERING INDEX materials_sha256"
        #expect(plan == ["\(index) (sha256>? AND sha256<?)"])
    }

    @Test(
        "A page of tasks seeks in an index that has its order",
        arguments: [("pending", false), ("processed", false), ("mine", true)])
    func tasks(index: String, mine: Bool) throws {
        let query = try TaskQuery(
            Tasks.ListTasksRequest(
                view: index == "pending" ? .pending : .processed,
                filter: Tasks.TaskFilter(mine: mine)), personID: viewer.personID)
        let entered = try #require(query.entered)
        let plan = try plan { rows in
            _ = try RoundStore.page(
                query, entered: entered, for: viewer,
                PageBounds(Common.PageRequest(size: 10)), rows)
        }
        #expect(plan.first?.contains("r USING INDEX rounds_\(index) (desk=?") == true)
        #expect(
            plan.first?.hasSuffix("(entered_ms,task_id)<(?,?))") == true,
            "a later page does not read those before it")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") })
    }

    @Test("The superiors of a city read a few rows of each of its counties' desks")
    func superiors() throws {
        let session = Identity.Session(personID: "superior", role: .superior, region: "350200")
        let viewer = Viewer.party(try #require(Party(session)))
        let query = try TaskQuery(Tasks.ListTasksRequest(), personID: viewer.personID)
        let entered = try #require(query.entered)
        let plan = try plan { rows in
            _ = try RoundStore.page(
                query, entered: entered, for: viewer,
                PageBounds(Common.PageRequest(size: 10)), rows)
        }
        // 厦门市 and its six districts.
        #expect(plan.count { $0.contains("r USING INDEX rounds_pending (desk=?") } == 7)
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") })
    }

    @Test(
        "A page of 申报情况 seeks in an index that has its order",
        arguments: [Declaration.DeclarationView.all, .pending, .unclaimed, .reviewed, .returned])
    func views(view: Declaration.DeclarationView) throws {
        let plan = try plan { rows in
            _ = try ViewStore.page(
                ViewStore.Filter(viewer: viewer, view: view, name: ""),
                PageBounds(Common.PageRequest(size: 10)), rows)
        }
        let index = view == .pending ? "declarations_unit_pending" : "declarations_unit"
        let place = "(unit_id=? AND (sort_ms,id)<(?,?))"
        #expect(plan.first?.contains("d USING INDEX \(index) \(place)") == true)
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") })
    }

    @Test("Counts are looked up, not counted")
    func counts() throws {
        let plan = try plan { rows in _ = try DeskCounts.read(viewer.desks, rows) }
        #expect(plan.count == 1 && plan[0].hasPrefix("SEARCH desk_counts"))
    }
}
