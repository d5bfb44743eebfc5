import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// T5 and T6: counts, the home page, news; and who may see what.
    @Suite struct HomeTests {
        private static let down = RPCError(code: .unavailable, message: "down")

        private func fill(_ centre: Centre) {
            for (index, stub) in centre.stubs.enumerated() {
                for number in 0...index { stub.add(number, at: Int64(10 * number + index)) }
                stub.add(90, at: 1) { $0.outcome = .approved }
            }
        }

        @Test func countsAreTheSourcesTogether() async throws {
            let centre = try Centre()
            fill(centre)
            try await centre.keeping {
                let live = try await centre.tasks().count(Tasks.CountTasksRequest())
                #expect(live.pending == 6 && live.processed == 3 && live.unavailable.isEmpty)
                #expect(live.counts.map(\.source) == ["archive", "declaration", "identity"])
                #expect(live.counts.map(\.pending) == [1, 2, 3])
                try await eventually { try centre.number("SELECT count(*) FROM known_counts") == 3 }
                centre.declaration.mode = .fails(Self.down)
                let known = try await centre.tasks().count(Tasks.CountTasksRequest())
                #expect(known.pending == 6 && known.processed == 3 && known.counts.count == 3)
                #expect(known.unavailable.map(\.source) == ["declaration"])
                centre.declaration.mode = .answers
                centre.declaration.add(70, at: 70)
                #expect(try await centre.tasks().count(Tasks.CountTasksRequest()).pending == 7)
            }
        }

        @Test func theHomePage() async throws {
            let centre = try Centre()
            fill(centre)
            for number in 0..<12 {
                centre.test.clock.advance(by: .seconds(60))
                _ = try await centre.tasks(.department).publishNews(
                    Tasks.PublishNewsRequest(title: "第\(number)条", body: "正文\n第二行"))
            }
            let home = try await centre.tasks().home(Tasks.HomeRequest())
            #expect(home.counts?.pending == 6 && home.counts?.processed == 3)
            #expect(home.newest.map(\.sortMs) == [22, 12, 11, 2, 1])
            #expect(home.news.map(\.title) == (2..<12).reversed().map { "第\($0)条" })
            #expect(home.news.first?.body == "正文\n第二行")
            let department = try await centre.tasks(.department).home(Tasks.HomeRequest())
            #expect(department.news == home.news && department.newest.isEmpty)
            centre.archive.mode = .fails(Self.down)
            let partly = try await centre.tasks().home(Tasks.HomeRequest())
            #expect(partly.counts?.unavailable.map(\.source) == ["archive"])
            #expect(partly.newest.allSatisfy { $0.source != "archive" })
        }

        @Test func newsArePublishedOnce() async throws {
            let centre = try Centre()
            var options = CallOptions()
            options.idempotencyKey = .random()
            let request = Tasks.PublishNewsRequest(title: " 评审通知 ", body: "2022 年度评审工作开始。")
            let first = try await centre.tasks(.department).publishNews(request, options: options)
            let again = try await centre.tasks(.department).publishNews(request, options: options)
            #expect(first == again && first.title == "评审通知")
            #expect(try centre.number("SELECT count(*) FROM news") == 1)
            #expect(try centre.number("SELECT count(*) FROM audit") == 1)
        }

        @Test func everyFaultOfANewsIsNamed() async throws {
            let centre = try Centre()
            func fields(_ title: String, _ body: String) async throws -> [String] {
                let error = try await refusal {
                    try await centre.tasks(.department).publishNews(
                        Tasks.PublishNewsRequest(title: title, body: body))
                }
                #expect(error.code == .invalidArgument)
                return try error.details.compactMap {
                    try $0.decode(as: Common.FieldViolations.self)
                }
                .flatMap(\.violations).map(\.field)
            }
            #expect(try await fields(" ", "") == ["title", "body"])
            #expect(
                try await fields(
                    String(repeating: "题", count: 101), String(repeating: "文", count: 10_001))
                    == ["title", "body"])
            #expect(try await fields("一\n二", "正文") == ["title"])
            _ = try await centre.tasks(.department).publishNews(
                Tasks.PublishNewsRequest(
                    title: String(repeating: "题", count: 100),
                    body: String(repeating: "文", count: 10_000)))
        }

        @Test(arguments: [Person.superior, .committee])
        func theLaterNodesHaveDeclarationsOnly(_ person: Person) async throws {
            let centre = try Centre()
            for stub in centre.stubs { stub.add(1, at: 1) }
            let page = try await centre.tasks(person).list(Tasks.ListTasksRequest())
            #expect(page.tasks.map(\.id) == ["declaration:1:1"])
            #expect(page.unavailable.isEmpty, "the others have nothing, and are not silent")
            let count = try await centre.tasks(person).count(Tasks.CountTasksRequest())
            #expect(count.pending == 1 && count.counts.map(\.source) == ["declaration"])
            #expect(count.unavailable.isEmpty)
        }

        @Test func whoMayDoWhat() async throws {
            let centre = try Centre()
            for person in Person.allCases.map(Optional.some) + [nil] {
                let client = centre.tasks(person)
                func isAllowed(_ call: () async throws -> Void) async throws -> Bool {
                    do {
                        try await call()
                        return true
                    } catch let error as RPCError {
                        #expect(
                            error.code == (person == nil ? .unauthenticated : .permissionDenied))
                        return false
                    }
                }
                let isOfficer = [.officer, .colleague, .stranger].contains(person)
                let isReviewer = isOfficer || [.superior, .committee].contains(person)
                let isDepartment = person == .department
                #expect(
                    try await isAllowed { _ = try await client.list(Tasks.ListTasksRequest()) }
                        == isReviewer)
                #expect(
                    try await isAllowed { _ = try await client.count(Tasks.CountTasksRequest()) }
                        == isReviewer)
                #expect(
                    try await isAllowed {
                        _ = try await client.decide(Tasks.DecideRequest(taskID: "archive:1:1"))
                    } == isReviewer)
                #expect(
                    try await isAllowed {
                        _ = try await client.getDecision(
                            Tasks.GetDecisionRequest(taskID: "archive:1:1"))
                    } == isReviewer)
                #expect(
                    try await isAllowed { _ = try await client.home(Tasks.HomeRequest()) }
                        == (isOfficer || isDepartment))
                #expect(
                    try await isAllowed {
                        _ = try await client.publishNews(
                            Tasks.PublishNewsRequest(title: "标题", body: "正文"))
                    } == isDepartment)
            }
        }
    }
}
