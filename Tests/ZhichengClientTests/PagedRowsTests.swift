import Messages
import RPC
import ServiceStubs
import Testing

@testable import ZhichengClient

@Suite("Lists that come in pages")
struct PagedRowsTests {
    private func client(_ pages: [Tasks.ListTasksReply]) throws -> Tasks.TaskCentreClient {
        Tasks.TaskCentreClient(
            ScriptedChannel(try pages.map { .success(try $0.encodedBytes()) }))
    }

    private func page(_ ids: [String], next: [UInt8] = []) -> Tasks.ListTasksReply {
        Tasks.ListTasksReply(tasks: ids.map { Tasks.Task(id: $0) }, nextCursor: next)
    }

    @Test("Rows of all pages come in order, an empty page in between is no end")
    func rows() async throws {
        let tasks = try client([
            page(["a", "b"], next: [1]), page([], next: [2]), page(["c"]),
        ])
        #expect(try await tasks.all().reduce(into: []) { $0.append($1.id) } == ["a", "b", "c"])
    }

    @Test("Pages are arrays")
    func pages() async throws {
        let tasks = try client([page(["a", "b"], next: [1]), page(["c"])])
        let pages = try await tasks.all().pages.reduce(into: []) { $0.append($1.map(\.id)) }
        #expect(pages == [["a", "b"], ["c"]])
    }

    @Test("A cursor that comes back unchanged ends the list")
    func endless() async throws {
        let tasks = try client([page(["a"], next: [1]), page(["b"], next: [1])])
        #expect(try await tasks.all().reduce(into: []) { $0.append($1.id) } == ["a", "b"])
    }

    @Test("An error ends the iteration")
    func errors() async throws {
        let tasks = Tasks.TaskCentreClient(
            ScriptedChannel([.failure(RPCError(.unavailable, .unknown))]))
        await #expect(throws: RPCError.self) {
            for try await _ in tasks.all() {}
        }
    }

    @Test("A decision that is under way is asked for until it is made")
    func decideAndWait() async throws {
        let replies = [Tasks.DecisionState.deciding, .deciding, .refused].map {
            Tasks.DecideReply(state: $0, decisionID: "d")
        }
        let tasks = Tasks.TaskCentreClient(
            ScriptedChannel(try replies.map { .success(try $0.encodedBytes()) }))
        let reply = try await tasks.decideAndWait(Tasks.DecideRequest())
        #expect(reply.state == .refused)
    }
}
