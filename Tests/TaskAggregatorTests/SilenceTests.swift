import Domain
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// T1: a source that is down is named in the answer, and its last known rows are marked stale.
    @Suite struct SilenceTests {
        private static let down = RPCError(code: .unavailable, message: "connection refused")

        private func fill(_ centre: Centre) {
            for stub in centre.stubs {
                for number in 0..<20 { stub.add(number, at: Int64(100 + number)) }
            }
        }

        private func ids(_ pages: [Tasks.ListTasksReply]) -> [String] {
            pages.flatMap(\.tasks).map(\.id)
        }

        @Test func lastKnownRowsArePagedLikeLiveOnes() async throws {
            let centre = try Centre()
            fill(centre)
            try await centre.keeping {
                let live = try await centre.pages(size: 25)
                try await eventually { try centre.knownTasks() == 60 }
                centre.archive.mode = .fails(Self.down)
                let pages = try await centre.pages(size: 7)
                #expect(ids(pages) == ids(live))
                for page in pages {
                    #expect(page.unavailable.map(\.source) == ["archive"])
                    #expect(page.tasks.allSatisfy { $0.stale == ($0.source == "archive") })
                }
                // It comes back between two pages.
                let mixed = try await centre.pages(size: 7) { _ in centre.archive.mode = .answers }
                #expect(ids(mixed) == ids(live))
                #expect(mixed.map(\.unavailable.count) == [1] + Array(repeating: 0, count: 8))
            }
        }

        @Test func sourcesMayComeAndGoBetweenPages() async throws {
            let centre = try Centre()
            fill(centre)
            try await centre.keeping {
                let live = try await centre.pages(size: 200)
                try await eventually { try centre.knownTasks() == 60 }
                var generator = SeededNumbers(7)
                for _ in 0..<20 {
                    let size = Int.random(in: 1...30, using: &generator)
                    let pages = try await centre.pages(size: size) { _ in
                        for stub in centre.stubs {
                            stub.mode =
                                Bool.random(using: &generator) ? .answers : .fails(Self.down)
                        }
                    }
                    #expect(ids(pages) == ids(live))
                }
            }
        }

        @Test func lastKnownRowsAreFiltered() async throws {
            let centre = try Centre()
            fill(centre)
            centre.archive.add(50, at: 150) { $0.claimedBy = "officer" }
            try await centre.keeping {
                _ = try await centre.tasks().list(
                    Tasks.ListTasksRequest(page: Common.PageRequest(size: 200)))
                try await eventually { try centre.knownTasks() == 61 }
                for filter in [
                    Tasks.TaskFilter(kinds: ["archive_kind"]), Tasks.TaskFilter(applicant: "姣1"),
                    Tasks.TaskFilter(claimedBy: "none"), Tasks.TaskFilter(claimedBy: "officer"),
                    Tasks.TaskFilter(toDay: "1970-01-01"), Tasks.TaskFilter(fromDay: "1999-01-01"),
                ] {
                    let request = Tasks.ListTasksRequest(filter: filter)
                    centre.archive.mode = .answers
                    let live = try await centre.pages(request, size: 6)
                    centre.archive.mode = .fails(Self.down)
                    let stale = try await centre.pages(request, size: 6)
                    #expect(ids(stale) == ids(live))
                }
            }
        }

        @Test func whatIsGoneOrDecidedIsForgotten() async throws {
            let centre = try Centre()
            fill(centre)
            try await centre.keeping {
                let whole = Tasks.ListTasksRequest(page: Common.PageRequest(size: 200))
                _ = try await centre.tasks().list(whole)
                try await eventually { try centre.knownTasks() == 60 }
                // Decided elsewhere: seen in the other view.
                centre.archive.change { state in
                    state.tasks.removeAll { $0.objectID == "3" }
                    for index in state.tasks.indices where state.tasks[index].objectID == "4" {
                        state.tasks[index].outcome = .approved
                    }
                }
                let processed = Tasks.ListTasksRequest(view: .processed)
                _ = try await centre.tasks().list(processed)
                _ = try await centre.tasks().list(whole)
                try await eventually { try centre.knownTasks() == 59 }
                // Decided here.
                _ = try await centre.tasks().decide(Tasks.DecideRequest(taskID: "archive:5:1"))
                try await eventually { try centre.knownTasks() == 58 }
                centre.archive.mode = .fails(Self.down)
                let told = try await centre.tasks().list(whole).tasks.filter {
                    $0.source == "archive"
                }
                #expect(
                    told.count == 17 && !told.contains { ["3", "4", "5"].contains($0.objectID) })
                let done = try await centre.tasks().list(processed).tasks
                #expect(done.map(\.id) == ["archive:4:1"] && done[0].stale)
            }
        }

        @Test func aUnitSeesItsOwnLastKnownRowsOnly() async throws {
            let centre = try Centre()
            fill(centre)
            try await centre.keeping {
                _ = try await centre.pages(size: 200)
                _ = try await centre.tasks().count(Tasks.CountTasksRequest())
                try await eventually {
                    try centre.knownTasks() == 60
                        && centre.number("SELECT count(*) FROM known_counts") == 3
                }
                for stub in centre.stubs { stub.mode = .fails(Self.down) }
                let stranger = try await centre.tasks(.stranger).list(Tasks.ListTasksRequest())
                #expect(stranger.tasks.isEmpty && stranger.unavailable.count == 3)
                let counts = try await centre.tasks(.stranger).count(Tasks.CountTasksRequest())
                #expect(counts.counts.isEmpty && counts.unavailable.count == 3)
                #expect(ids(try await centre.pages(size: 9, person: .colleague)).count == 60)
            }
        }

        @Test func onlyTheNewestRowsAreKept() async throws {
            let centre = try Centre()
            for number in 0..<(KnownStore.mostRows + 90) {
                centre.identity.add(number, at: Int64(number))
            }
            try await centre.keeping {
                _ = try await centre.pages(size: 60)
                try await eventually { try centre.knownTasks() == Int64(KnownStore.mostRows) }
                _ = try await centre.tasks().decide(Tasks.DecideRequest(taskID: "identity:289:1"))
                try await eventually { try centre.knownTasks() == Int64(KnownStore.mostRows) - 1 }
                #expect(try centre.number("SELECT min(sort_ms) FROM known_tasks") == 90)
            }
        }

        @Test func aStallingSourceTakesItsShareOnly() async throws {
            let centre = try Centre(patience: .seconds(1))
            fill(centre)
            centre.declaration.mode = .stalls
            let page = try await centre.tasks().list(
                Tasks.ListTasksRequest(page: Common.PageRequest(size: 100)))
            // On a busy machine a second may be too short for the others as well.
            #expect(page.tasks.count == 20 * (3 - page.unavailable.count))
            #expect(
                page.unavailable.contains(
                    Tasks.SourceState(source: "declaration", message: "未在规定时间内答复")))
            let patience = TaskSources.Patience(longest: .seconds(60))
            let timeout = patience.timeout(until: .now + .seconds(40))
            #expect(timeout <= .seconds(30), "the rest is for the answer")
            #expect(TaskSources.Patience().timeout(until: .now + .seconds(40)) == .seconds(2))
        }

        @Test(.timeLimit(.minutes(1))) func notEveryListWaitsForADeadSource() async throws {
            let centre = try Centre(patience: .seconds(1))
            fill(centre)
            centre.declaration.mode = .stalls
            for _ in 0..<3 { _ = try await centre.tasks().list(Tasks.ListTasksRequest()) }
            let given = centre.declaration.calls.map(\.timeLeft)
            // A call that ran out before its handler began is not among them.
            #expect(given.dropFirst().allSatisfy { $0 <= .milliseconds(200) })
            centre.declaration.mode = .answers
            var isBack = false
            while !isBack {
                isBack = try await centre.tasks().list(Tasks.ListTasksRequest()).unavailable.isEmpty
            }
            _ = try await centre.tasks().list(Tasks.ListTasksRequest())
            #expect(try #require(centre.declaration.calls.last).timeLeft > .milliseconds(200))
        }

        @Test func anAnswerThatBreaksTheContractIsNoAnswer() async throws {
            let lies: [@Sendable (inout Tasks.ListTasksReply) -> Void] = [
                { $0.tasks.reverse() },
                { $0.tasks += $0.tasks },
                { $0.tasks[0].id = "identity:1:1" },
                { $0.tasks[0].sortMs = .max },
                { $0.nextCursor = [1] },
                { $0.nextCursor = PageCursor(sort: .max, id: "").bytes },
                { $0.nextCursor = $0.tasks[0].place.bytes },
                { reply in
                    reply.tasks = []
                    reply.nextCursor = PageCursor(sort: .max, id: "z").bytes
                },
            ]
            for lie in lies {
                let centre = try Centre()
                fill(centre)
                centre.archive.mode = .lies(lie)
                let page = try await centre.tasks().list(Tasks.ListTasksRequest())
                #expect(page.unavailable.map(\.source) == ["archive"])
                #expect(page.tasks.count == 10 && !page.tasks.contains { $0.source == "archive" })
            }
        }

        @Test func whatIsTheUsersBusinessIsNoSilence() async throws {
            let centre = try Centre()
            for code: RPCCode in [.unauthenticated, .permissionDenied, .failedPrecondition] {
                centre.archive.mode = .fails(RPCError(code: code, message: "为什么"))
                let error = try await refusal {
                    try await centre.tasks().list(Tasks.ListTasksRequest())
                }
                #expect(error.code == code && error.message == "为什么")
            }
            for code: RPCCode in [.unavailable, .internalError, .unimplemented, .resourceExhausted]
            {
                centre.archive.mode = .fails(RPCError(code: code, message: "secret"))
                let page = try await centre.tasks().list(Tasks.ListTasksRequest())
                #expect(
                    page.unavailable == [Tasks.SourceState(source: "archive", message: "暂时无法使用")])
            }
        }

        @Test func nothingIsWrittenForWhatIsKnown() throws {
            let rows = try (0..<5).map {
                try TaskRow(Tasks.Task(id: "a:\($0):1", sortMs: Int64(-$0)))
            }
            let keep = KeepPage(
                source: "a", view: KnownView(unit: "u", isPending: true),
                start: PageCursor(sort: .max, id: ""), page: TaskPage(rows: rows, end: nil))
            let known = Dictionary(uniqueKeysWithValues: rows.map { ($0.place.id, $0.body) })
            let now = Timestamp(milliseconds: 0)
            func writes(
                _ known: [String: [UInt8]], horizon: PageCursor? = nil,
                seenDay: String = "1970-01-01"
            ) throws -> Int {
                let facts = KeepPage.Facts(
                    known: known, seen: rows, horizon: horizon, seenDay: seenDay)
                return try keep.decide(facts, at: now).writes.count
            }
            #expect(try writes(known) == 0)
            #expect(try writes(known, seenDay: "1969-12-31") == 1, "the day")
            #expect(try writes([:]) == 6, "and a trim")
            #expect(try writes([:], horizon: rows[1].place) == 3, "two, and a trim")
            #expect(try writes([:], horizon: PageCursor(sort: 1, id: "")) == 0)
        }

        /// What nobody looks at any more goes; what is looked at stays, though nothing changes.
        @Test func theKnownRowsOfUnitsThatNobodyLooksAtGo() async throws {
            let centre = try Centre()
            fill(centre)
            let first = Tasks.ListTasksRequest()
            try await centre.keeping {
                for person in [Person.officer, .stranger] {
                    _ = try await centre.tasks(person).list(first)
                    _ = try await centre.tasks(person).count(Tasks.CountTasksRequest())
                }
                try await eventually {
                    try centre.knownTasks() == 30
                        && centre.number("SELECT count(*) FROM known_counts") == 6
                }
                for days in [20, 20] {
                    centre.test.clock.advance(by: .seconds(days * 86_400))
                    let today = "\(CivilDay(centre.test.clock.now()))"
                    _ = try await centre.tasks().list(first)
                    try await eventually {
                        try centre.number(
                            "SELECT count(*) FROM known_units WHERE seen_day = '\(today)'") == 1
                    }
                }
                try await eventually {
                    try centre.number("SELECT count(*) FROM known_units") == 1
                }
                #expect(try centre.number("SELECT count(*) FROM known_counts") == 3)
                #expect(try centre.knownTasks() == 30)
            }
        }
    }
}
