import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// 保存的筛选 and 催办 (T7).

extension TaskCentreHandler {
    func saveFilter(
        _ request: Tasks.SaveFilterRequest, context: RequestContext
    ) async throws -> Tasks.SavedFilter {
        let desk = try ReviewDesk(context.caller)
        // What would be refused in a list is refused here.
        _ = try TaskQuery(
            Tasks.ListTasksRequest(view: request.view, filter: request.filter),
            personID: desk.personID)
        return try await database.perform(
            SaveFilter(personID: desk.personID, request: request), for: request,
            context: context)
    }

    func listFilters(
        _ request: Tasks.ListFiltersRequest, context: RequestContext
    ) async throws -> Tasks.ListFiltersReply {
        let desk = try ReviewDesk(context.caller)
        var check = FormCheck()
        let name = check.text(
            request.search, "search", "名称", required: false, longest: SaveFilter.longestName)
        guard check.faults.isEmpty else {
            throw RPCError(serviceError: Refusal.invalid(check.faults))
        }
        let all = try database.fetch { try SavedFilterStore.filters(of: desk.personID, $0) }
        return Tasks.ListFiltersReply(
            filters: all.filter { name.isEmpty || $0.name.contains(name) })
    }

    func deleteFilter(
        _ request: Tasks.DeleteFilterRequest, context: RequestContext
    ) async throws -> Tasks.DeleteFilterReply {
        let desk = try ReviewDesk(context.caller)
        return try await database.perform(
            DeleteFilter(personID: desk.personID, name: request.name), for: request,
            context: context)
    }

    func remind(
        _ request: Tasks.RemindRequest, context: RequestContext
    ) async throws -> Tasks.RemindReply {
        guard let session = context.caller.session else {
            throw RPCError(code: .unauthenticated, message: "请先登录")
        }
        return try await database.perform(
            RemindOfTask(
                session: session, taskID: request.taskID, hasSender: hasSender), for: request,
            context: context)
    }
}
