import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import ArchiveService

@Suite struct ListTests {
    @Test func tabsSearchAndOrder() async throws {
        let harness = try Harness()
        var items: [Archive.Item] = []
        for (n, name) in ["姣姣1", "姣姣2", "姚姣2"].enumerated() {
            items.append(
                try await harness.reviewing(
                    .applicant(n + 1, name: name), employer: "100%_单位\(n)"))
            harness.test.clock.advance(by: .seconds(60))
        }
        _ = try await harness.decide(items[0], .approved)
        let unit = harness.archive(.school)
        func list(
            _ search: String = "", _ state: Archive.ItemState = .unspecified,
            kind: String = "work_history"
        ) async throws -> Archive.ListItemsReply {
            try await unit.listItems(
                Archive.ListItemsRequest(kind: kind, search: search, state: state))
        }
        let all = try await list()
        #expect(all.items.map(\.applicantName) == ["姚姣2", "姣姣2", "姣姣1"] && all.total == 3)
        #expect(all.items.allSatisfy { $0.flow.isEmpty })
        #expect(all.tabs.map(\.label) == ["全部", "审核中", "审核通过", "退回"])
        #expect(all.tabs.map(\.count) == [3, 2, 1, 0])
        #expect(all.items[0].listCells == ["100%_单位2", "2012-09-01", "教师"])
        #expect(try await list("姣2").items.map(\.applicantName) == ["姚姣2", "姣姣2"])
        #expect(try await list("单位0").items.map(\.applicantName) == ["姣姣1"])
        #expect(try await list("%").total == 3)
        #expect(try await list("%单").total == 0)
        #expect(try await list("_").total == 3)
        let searched = try await list("姣2", .reviewing)
        #expect(searched.total == 2 && searched.tabs.map(\.count) == [2, 2, 0, 0])
        #expect(try await list("", .approved).items.map(\.applicantName) == ["姣姣1"])
        #expect(try await list(kind: "").total == 3)
        #expect(try await list(kind: "paper").total == 0)
        _ = try await harness.decide(items[1], .terminated)
        #expect(
            try await list().tabs.last
                == Common.ViewCount(view: "terminated", label: "终止", count: 1))
        let wrong = try await refusal {
            try await unit.listItems(
                Archive.ListItemsRequest(
                    kind: "poems", search: String(repeating: "长", count: 51),
                    state: Archive.ItemState(rawValue: 9)))
        }
        #expect(wrong.fields == ["search", "kind", "state"])
        #expect(
            try await harness.archive(.company).listItems(Archive.ListItemsRequest()).total == 0)
    }

    @Test func theTree() async throws {
        let harness = try Harness()
        let person = User.applicant()
        for phase in ItemPhase.allCases { _ = try await harness.item(phase, of: person) }
        for user in [User.school, person] {
            let tree = try await harness.archive(user).getTree(Archive.GetTreeRequest())
            let work = try #require(tree.categories.first?.items.first)
            #expect(tree.categories.map(\.label).first == "基本信息" && work.label == "工作经历")
            #expect(work.total == (user == person ? 5 : 4) && work.reviewed == 3)
            #expect(
                tree.statistics.map(\.label)
                    == ["全部", "审核中", "审核通过", "退回", "终止"] + (user == person ? ["草稿"] : []))
        }
    }

    /// Goes through all pages while `between` changes rows.
    private func pages(
        _ harness: Harness, size: UInt32, between: (Int) async throws -> Void
    ) async throws -> [String] {
        var ids: [String] = []
        var cursor: [UInt8] = []
        repeat {
            let reply = try await harness.tasks(.school).list(
                Tasks.ListTasksRequest(page: Common.PageRequest(size: size, cursor: cursor)))
            ids += reply.tasks.map(\.id)
            cursor = reply.nextCursor
            try await between(ids.count)
        } while !cursor.isEmpty
        return ids
    }

    @Test func pagingIsStableWhileRowsChange() async throws {
        let harness = try Harness()
        var items: [Archive.Item] = []
        for n in 0..<23 {
            items.append(try await harness.reviewing(.applicant(n)))
            // Several tasks of one millisecond: the id decides.
            if n.isMultiple(of: 5) { harness.test.clock.advance(by: .seconds(1)) }
        }
        let all = try await pages(harness, size: 200) { _ in }
        #expect(Set(all) == Set(items.map(\.taskID)) && all.count == 23)
        #expect(try await pages(harness, size: 4) { _ in } == all)
        // What was shown is decided, and new tasks come in: the rest stays complete, without doubles.
        let seen = try await pages(harness, size: 4) { count in
            guard let item = items.first(where: { $0.taskID == all[count - 1] }) else { return }
            _ = try await harness.decide(item, .approved)
            _ = try await harness.reviewing(.applicant(100 + count))
        }
        #expect(seen == all)
    }

    @Test func aCursorOfAnotherSourceSeparatesByPlainText() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(.applicant())
        func tasks(after id: String, _ sort: Int64) async throws -> Int {
            try await harness.tasks(.school).list(
                Tasks.ListTasksRequest(
                    page: Common.PageRequest(
                        size: 10, cursor: PageCursor(sort: sort, id: id).bytes))
            ).tasks.count
        }
        let sort = item.submittedMs
        #expect(try await tasks(after: "identity:x:1", sort) == 1)
        #expect(try await tasks(after: "aaa:x:1", sort) == 0)
        #expect(try await tasks(after: item.taskID, sort) == 0)
        #expect(try await tasks(after: "aaa:x:1", sort + 1) == 1)
    }

    @Test func taskFilters() async throws {
        let harness = try Harness()
        for (n, name) in ["姣姣1", "姣姣2", "姚姣2"].enumerated() {
            _ = try await harness.reviewing(.applicant(n, name: name))
            harness.test.clock.advance(by: .seconds(24 * 3_600))
        }
        func names(_ filter: Tasks.TaskFilter) async throws -> [String] {
            try await harness.tasks(.school).list(Tasks.ListTasksRequest(filter: filter)).tasks
                .map(\.applicantName)
        }
        #expect(try await names(Tasks.TaskFilter(applicant: "姣2")) == ["姚姣2", "姣姣2"])
        #expect(
            try await names(Tasks.TaskFilter(fromDay: "2022-04-20", toDay: "2022-04-20")) == ["姣姣2"]
        )
        #expect(try await names(Tasks.TaskFilter(kinds: ["registration"])).isEmpty)
        #expect(try await names(Tasks.TaskFilter(kinds: ["archive_item"])).count == 3)
        #expect(try await names(Tasks.TaskFilter(claimedBy: "none")).count == 3)
        #expect(try await names(Tasks.TaskFilter(claimedBy: "officer-1")).isEmpty)
        let wrong = try await refusal {
            try await names(Tasks.TaskFilter(fromDay: "19.4.2022", toDay: "2022-13-01"))
        }
        #expect(wrong.fields == ["filter.from_day", "filter.to_day"])
    }

    @Test func mineIsWhatThisOfficerDecided() async throws {
        let harness = try Harness()
        for (n, user) in [User.school, .colleague].enumerated() {
            _ = try await harness.decide(
                try await harness.reviewing(.applicant(n)), .approved, by: user)
        }
        let mine = try await harness.tasks(.colleague).list(
            Tasks.ListTasksRequest(view: .processed, filter: Tasks.TaskFilter(mine: true)))
        #expect(mine.tasks.map(\.decidedByName) == ["王审核"])
    }
}
