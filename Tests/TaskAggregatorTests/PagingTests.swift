import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// T1: complete, without duplicates, stable while rows change.
    @Suite struct PagingTests {
        /// Rows over the sources, many of them at the same time.
        private func fill(_ centre: Centre, _ generator: inout SeededNumbers) {
            for stub in centre.stubs {
                for number in 0..<Int.random(in: 0...60, using: &generator) {
                    stub.add(number, at: Int64.random(in: 1_000...1_025, using: &generator))
                }
            }
        }

        private func sorted(_ tasks: [Tasks.Task]) -> [Tasks.Task] {
            tasks.sorted { $0.place.precedes($1.place) }
        }

        @Test(arguments: 0..<16) func pagesAreTheSortedUnion(seed: Int) async throws {
            var generator = SeededNumbers(UInt64(seed))
            let centre = try Centre()
            fill(centre, &generator)
            let expected = sorted(centre.stubs.flatMap(\.tasks))
            for size in [1 + seed % 4, 7, 200, Int.random(in: 1...100, using: &generator)] {
                let pages = try await centre.pages(size: size)
                #expect(pages.flatMap(\.tasks) == expected)
                #expect(pages.dropLast().allSatisfy { $0.tasks.count == size })
                #expect(pages.count == max(1, (expected.count + size - 1) / size))
                #expect(pages.allSatisfy { $0.unavailable.isEmpty })
            }
        }

        @Test(arguments: 0..<24) func pagesAreStableWhileRowsChange(seed: Int) async throws {
            var generator = SeededNumbers(UInt64(1_000 + seed))
            let centre = try Centre()
            fill(centre, &generator)
            let size = Int.random(in: 1...12, using: &generator)
            var expected = Set(centre.stubs.flatMap(\.tasks).map(\.id))
            var seen: Set<String> = []
            var number = 1_000
            let pages = try await centre.pages(size: size) { page in
                seen.formUnion(page.tasks.map(\.id))
                for stub in centre.stubs {
                    // Newer than everything; and a row goes, told or not yet told.
                    if Bool.random(using: &generator) {
                        number += 1
                        stub.add(number, at: 2_000 + Int64(number))
                    }
                    guard let gone = stub.tasks.randomElement(using: &generator),
                        Bool.random(using: &generator)
                    else { continue }
                    stub.change { state in state.tasks.removeAll { $0.id == gone.id } }
                    if !seen.contains(gone.id) { expected.remove(gone.id) }
                }
            }
            let told = pages.flatMap(\.tasks)
            #expect(Set(told.map(\.id)) == expected && told.count == expected.count)
            #expect(told == sorted(told))
        }

        @Test(arguments: 0..<16) func sourcesMayGiveShorterPages(seed: Int) async throws {
            var generator = SeededNumbers(UInt64(2_000 + seed))
            let centre = try Centre()
            fill(centre, &generator)
            for stub in centre.stubs {
                let most = Int.random(in: 1...5, using: &generator)
                stub.change { $0.mostRows = most }
            }
            let told = try await centre.pages(size: 10).flatMap(\.tasks)
            #expect(told == sorted(centre.stubs.flatMap(\.tasks)))
        }

        @Test func idsAreComparedAsText() async throws {
            let centre = try Centre()
            for number in [9, 10, 100, 2] { centre.archive.add(number, at: 5) }
            let told = try await centre.pages(size: 1).flatMap(\.tasks).map(\.objectID)
            // "archive:100:1" comes before "archive:10:1": a digit is less than a colon.
            #expect(told == ["9", "2", "10", "100"])
        }

        @Test func filtersAreTheSources() async throws {
            let centre = try Centre()
            centre.archive.add(1, at: 10)
            centre.archive.add(2, at: 11) { $0.claimedBy = "officer" }
            centre.identity.add(3, at: 12)
            centre.identity.add(4, at: 13) { task in
                task.outcome = .approved
                task.decidedBy = "officer"
            }
            func told(
                _ filter: Tasks.TaskFilter, _ view: Tasks.TaskView = .pending,
                _ person: Person = .officer
            ) async throws -> [String] {
                try await centre.pages(
                    Tasks.ListTasksRequest(view: view, filter: filter), size: 2, person: person
                ).flatMap(\.tasks).map(\.objectID)
            }
            #expect(try await told(Tasks.TaskFilter()) == ["3", "2", "1"])
            #expect(try await told(Tasks.TaskFilter(kinds: ["archive_kind"])) == ["2", "1"])
            #expect(try await told(Tasks.TaskFilter(applicant: "姣3")) == ["3"])
            #expect(try await told(Tasks.TaskFilter(claimedBy: "officer")) == ["2"])
            #expect(try await told(Tasks.TaskFilter(claimedBy: "none")) == ["3", "1"])
            #expect(try await told(Tasks.TaskFilter(fromDay: "2022-01-01")).isEmpty)
            #expect(
                try await told(Tasks.TaskFilter(fromDay: "2022-01-02", toDay: "2022-01-01")).isEmpty
            )
            #expect(try await told(Tasks.TaskFilter(), .processed) == ["4"])
            #expect(try await told(Tasks.TaskFilter(mine: true), .processed) == ["4"])
            #expect(try await told(Tasks.TaskFilter(mine: true), .processed, .colleague).isEmpty)
            #expect(try await told(Tasks.TaskFilter(), .pending, .stranger).isEmpty)
        }

        @Test func badRequestsAreRefusedBeforeAnybodyIsAsked() async throws {
            let centre = try Centre()
            func refused(_ request: Tasks.ListTasksRequest) async throws {
                let error = try await refusal { try await centre.tasks().list(request) }
                #expect(error.code == .invalidArgument)
            }
            try await refused(Tasks.ListTasksRequest(page: Common.PageRequest(size: 201)))
            for cursor in [
                [1, 2, 3], Array(repeating: 0, count: 8), Array(repeating: 65, count: 209),
                Array(repeating: 0xFF, count: 20),
            ] as [[UInt8]] {
                try await refused(Tasks.ListTasksRequest(page: Common.PageRequest(cursor: cursor)))
            }
            try await refused(Tasks.ListTasksRequest(view: .unrecognized(7)))
            try await refused(
                Tasks.ListTasksRequest(filter: Tasks.TaskFilter(fromDay: "19.4.2022")))
            let view = try await refusal {
                try await centre.tasks().count(Tasks.CountTasksRequest(view: .unrecognized(7)))
            }
            #expect(view.code == .invalidArgument)
            #expect(centre.stubs.allSatisfy { $0.calls.isEmpty })
        }

        @Test func sourcesAreAskedAsTheUserWithinTheCallsTime() async throws {
            let centre = try Centre(patience: .seconds(60))
            var options = CallOptions()
            options.timeout = .seconds(8)
            _ = try await centre.tasks(.colleague).list(Tasks.ListTasksRequest(), options: options)
            for stub in centre.stubs {
                let call = try #require(stub.calls.first)
                #expect(call.session == Person.colleague.token)
                #expect(call.timeLeft <= .seconds(6))
            }
        }
    }
}
