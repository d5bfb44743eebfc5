import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// T7: saved filters, and what is overdue.
    @Suite struct FilterTests {
        @Test func filtersAreAPersonsOwn() async throws {
            let centre = try Centre()
            let mine = centre.tasks(.officer)
            let filter = Tasks.TaskFilter(kinds: ["declaration"], applicant: "姣", overdue: true)
            let saved = try await mine.saveFilter(.init(name: " 逾期申报 ", filter: filter))
            #expect(saved.name == "逾期申报" && saved.view == .pending && saved.filter == filter)
            _ = try await mine.saveFilter(.init(name: "本人已审", view: .processed))
            #expect(
                try await mine.listFilters(.init()).filters.map(\.name) == ["本人已审", "逾期申报"])
            #expect(try await mine.listFilters(.init(search: "申报")).filters == [saved])
            #expect(try await centre.tasks(.colleague).listFilters(.init()).filters.isEmpty)
            _ = try await mine.saveFilter(.init(name: "逾期申报"))
            let replaced = try await mine.listFilters(.init(search: "逾期")).filters
            #expect(replaced.count == 1 && replaced[0].filter == Tasks.TaskFilter())
            _ = try await mine.deleteFilter(.init(name: "逾期申报"))
            let again = try await refusal { try await mine.deleteFilter(.init(name: "逾期申报")) }
            #expect(again.code == .notFound)
            #expect(try await mine.listFilters(.init()).filters.count == 1)
        }

        @Test func filtersAreBoundedAndChecked() async throws {
            let centre = try Centre()
            let mine = centre.tasks(.officer)
            for number in 0..<SaveFilter.most {
                _ = try await mine.saveFilter(.init(name: "\(number)"))
            }
            _ = try await mine.saveFilter(.init(name: "0", view: .processed))
            let many = try await refusal { try await mine.saveFilter(.init(name: "更多")) }
            #expect(many.code == .failedPrecondition && many.message.contains("50"))
            for request in [
                Tasks.SaveFilterRequest(name: ""),
                .init(name: String(repeating: "名", count: 51)),
                .init(name: "a", filter: .init(fromDay: "yesterday")),
                .init(name: "a", filter: .init(kinds: Array(repeating: "k", count: 21))),
            ] {
                let error = try await refusal { try await mine.saveFilter(request) }
                #expect(error.code == .invalidArgument)
            }
            for person in [Person.applicant, .department] {
                let error = try await refusal {
                    try await centre.tasks(person).listFilters(.init())
                }
                #expect(error.code == .permissionDenied)
            }
        }

        @Test func dueDatesCountWorkingDays() throws {
            let dates = DueDates(workingDays: 10)
            func entering(_ day: String) throws -> Int64 {
                try CivilDay(day).start.milliseconds + 9 * 3_600_000
            }
            // 2 April 2022, a Saturday, was worked; 3 to 5 April, and 30 April to 4 May, were off.
            #expect(try dates.day(ofEntering: entering("2022-04-01")) == CivilDay("2022-04-18"))
            #expect(try dates.day(ofEntering: entering("2022-04-19")) == CivilDay("2022-05-05"))
            #expect(try dates.day(ofEntering: entering("2030-01-01")) == nil, "not guessed")
            for workingDays in [1, 5, 10, 60] {
                let dates = DueDates(workingDays: workingDays)
                var today = try CivilDay("2022-03-25")
                for _ in 0..<60 {
                    let before = try dates.overdueBefore(today)
                    let last = CivilDay(before).previous
                    let isOverdue: (CivilDay) throws -> Bool = { day in
                        try #require(dates.day(ofEntering: day.start.milliseconds)) < today
                    }
                    #expect(try isOverdue(last) && !isOverdue(last.next), "\(workingDays) \(today)")
                    today = today.next
                }
            }
            #expect(throws: RPCError.self) { try dates.overdueBefore(CivilDay("2031-01-01")) }
        }

        @Test func theListSaysWhatIsOverdueAndFindsIt() async throws {
            let centre = try Centre()
            // The clock says 2022-04-19: what entered by 2 April was due by the 18th.
            let days = ["2022-03-28", "2022-04-01", "2022-04-02", "2022-04-06", "2022-04-18"]
            for (number, day) in days.enumerated() {
                let stub = centre.stubs[number % 3]
                stub.add(number, at: try CivilDay(day).start.milliseconds + Int64(number))
                stub.add(50 + number, at: try CivilDay(day).start.milliseconds) {
                    $0.outcome = .approved
                }
            }
            let all = try await centre.tasks().list(.init(page: .init(size: 50))).tasks
            #expect(all.map(\.overdue) == [false, false, false, true, true])
            #expect(all.map(\.dueDay).last == "2022-04-12" && all[2].dueDay == "2022-04-19")
            let sorted = all.map(\.sortMs)
            #expect(sorted == sorted.sorted(by: >), "the sort key is what it was")
            let processed = try await centre.tasks().list(.init(view: .processed)).tasks
            #expect(processed.count == 5 && processed.allSatisfy { $0.dueDay.isEmpty })
            var request = Tasks.ListTasksRequest(filter: .init(overdue: true))
            var found = try await centre.pages(request, size: 1).flatMap(\.tasks)
            #expect(found.map(\.id) == all.suffix(2).map(\.id))
            request.filter?.fromDay = "2022-03-29"
            found = try await centre.pages(request, size: 10).flatMap(\.tasks)
            #expect(found.map(\.id) == [all[3].id])
            request.filter?.toDay = "2022-03-31"
            #expect(try await centre.pages(request, size: 10).flatMap(\.tasks).isEmpty)
            request.view = .processed
            let error = try await refusal { try await centre.tasks().list(request) }
            #expect(error.code == .invalidArgument)
        }
    }
}
