import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// T4: what becomes of tasks is told to those who watch, from a position on.
    @Suite struct WatchTests {
        private func announce(
            _ centre: Centre, _ number: Int, _ kind: Tasks.TaskChangeKind,
            at desk: Tasks.Mailbox = .unit("unit-1"), version: Int64 = 1
        ) async throws {
            let task = Tasks.Task(
                id: "archive:\(number):1", source: "archive", kind: "archive_item",
                title: "业绩\(number)", version: version)
            _ = try await centre.owner().post(
                Tasks.PostRequest(
                    event: "archive_item.changed", objectID: "\(number)", atMs: 1,
                    tasks: [Tasks.TaskChange(kind: kind, task: task, desk: desk)]))
        }

        /// Updates until there are so many changes; the first update, and what it told.
        private func changes(
            _ centre: Centre, _ person: Person = .officer, after position: Int64, count: Int
        ) async throws -> (changes: [Tasks.TaskChange], position: Int64) {
            var found: [Tasks.TaskChange] = []
            for try await update in centre.tasks(person).watch(.init(position: position)) {
                #expect(!update.resync)
                found += update.changes
                if found.count >= count { return (found, update.position) }
            }
            return (found, 0)
        }

        @Test func whoWatchesIsToldWhatHappens() async throws {
            let centre = try Centre()
            try await announce(centre, 1, .opened)
            var updates = centre.tasks().watch(.init()).makeAsyncIterator()
            let first = try #require(try await updates.next())
            #expect(first.position == 2 && first.changes.isEmpty, "from now on")
            try await announce(centre, 2, .opened, at: .unit("unit-2"))
            try await announce(centre, 3, .opened)
            let second = try #require(try await updates.next())
            #expect(second.changes.map { $0.task?.id } == ["archive:3:1"])
            #expect(second.changes.first?.kind == .opened && second.position == 4)
            try await announce(centre, 3, .closed)
            #expect(try await updates.next()?.changes.map(\.kind) == [.closed])
        }

        @Test func aPositionIsGoneOnFromAndOfATaskOnlyTheLastIsTold() async throws {
            let centre = try Centre()
            for version in 1...5 {
                try await announce(centre, 1, .changed, version: Int64(version))
            }
            try await announce(centre, 2, .opened)
            try await announce(centre, 1, .closed, version: 6)
            let all = try await changes(centre, after: 1, count: 2)
            #expect(all.changes.map { $0.task?.id } == ["archive:2:1", "archive:1:1"])
            #expect(all.changes.last?.kind == .closed && all.position == 8)
            let rest = try await changes(centre, after: 7, count: 1)
            #expect(rest.changes.count == 1 && rest.position == 8)
        }

        @Test func superiorsAreToldOfTheirRegions() async throws {
            let centre = try Centre()
            try await announce(centre, 1, .opened, at: .superiors("350102"))
            try await announce(centre, 2, .opened, at: .superiors("350200"))
            try await announce(centre, 3, .opened, at: .superiors("350100"))
            try await announce(centre, 4, .opened, at: .committee("committee-1"))
            let told = try await changes(centre, .superior, after: 2, count: 1)
            #expect(told.changes.map { $0.task?.id } == ["archive:3:1"])
            for person in [Person.applicant, .department] {
                let error = try await refusal {
                    for try await _ in centre.tasks(person).watch(.init()) {}
                }
                #expect(error.code == .permissionDenied)
            }
        }

        @Test func whatIsTooOldOrUnknownSaysResync() async throws {
            let centre = try Centre()
            let many = TaskChangeStore.mostOfMailbox + 3
            for start in stride(from: 0, to: many, by: 10) {
                _ = try await centre.owner().post(
                    Tasks.PostRequest(
                        event: "archive_item.changed", objectID: "1", atMs: 1,
                        tasks: (start..<min(start + 10, many)).map { number in
                            Tasks.TaskChange(
                                kind: .changed,
                                task: Tasks.Task(id: "archive:\(number):1"),
                                desk: .unit("unit-1"))
                        }))
            }
            #expect(
                try centre.number("SELECT count(*) FROM task_changes")
                    == Int64(TaskChangeStore.mostOfMailbox))
            for position in [Int64(1), Int64(many) + 2] {
                var updates = centre.tasks().watch(.init(position: position)).makeAsyncIterator()
                _ = try await updates.next()
                let update = try #require(try await updates.next())
                #expect(
                    update.resync && update.position == Int64(many) + 1 && update.changes.isEmpty)
            }
            let kept = try await changes(centre, after: 4, count: TaskChangeStore.mostOfMailbox)
            #expect(kept.changes.count == TaskChangeStore.mostOfMailbox)
        }
    }
}
