import Messages
import RPC
import ServiceRuntime
import ServiceStubs

// 批量审核 (A5): each owner decides its own rows; the guards are all its own.

extension TaskCentreHandler {
    /// The rest of the call's time is for telling what the others did when one does not answer.
    private static let shareOfTime = 0.75

    /// A repeat asks each owner the same under the same key, and so comes to the same rows.
    func decideBatch(
        _ request: Tasks.DecideBatchRequest, context: RequestContext
    ) async throws -> Tasks.DecideBatchReply {
        let unit = try context.caller.officer().unit.id
        _ = try request.checked()
        var options = try decisionOptions(context)
        options.timeout = options.timeout.map { $0 * Self.shareOfTime }
        var (parts, rows) = parts(of: request)
        var silences: [RPCError] = []
        for (part, result) in await ask(parts, options) {
            switch result {
            case .success(let reply):
                let own = Set(part.request.tasks.map(\.taskID))
                for row in reply.rows where own.contains(row.taskID) { rows[row.taskID] = row }
            case .failure(let error) where error.isTheUsers: throw error
            case .failure(let error): silences.append(error)
            }
        }
        // When nobody answered it is an error, as it is of a single decision.
        if let silence = silences.first, silences.count == parts.count { throw silence }
        for row in rows.values where row.state == .done || row.state == .skipped {
            lastKnown.decided(row.taskID, unit: unit)
        }
        return Tasks.DecideBatchReply(
            rows: request.tasks.map { task in
                rows[task.taskID]
                    ?? Tasks.BatchRow(
                        taskID: task.taskID, state: .unanswered,
                        message: "未得到答复，结果不明，请重试同一请求")
            })
    }

    /// What goes to one owner.
    private struct Part: Sendable {
        let owner: TaskSource
        var request: Tasks.DecideBatchRequest
    }

    /// The owners' parts in the order of the request, and the rows of tasks that nobody owns.
    private func parts(
        of request: Tasks.DecideBatchRequest
    ) -> (parts: [Part], rows: [String: Tasks.BatchRow]) {
        var parts: [Part] = []
        var rows: [String: Tasks.BatchRow] = [:]
        for task in request.tasks {
            do {
                let owner = try sources.owner(of: task.taskID)
                if let index = parts.firstIndex(where: { $0.owner.name == owner.name }) {
                    parts[index].request.tasks.append(task)
                } else {
                    var own = request
                    own.tasks = [task]
                    parts.append(Part(owner: owner, request: own))
                }
            } catch {
                rows[task.taskID] = Tasks.BatchRow(
                    taskID: task.taskID, state: .refused, message: error.message)
            }
        }
        return (parts, rows)
    }

    private func ask(
        _ parts: [Part], _ options: CallOptions
    ) async -> [(Part, Result<Tasks.DecideBatchReply, RPCError>)] {
        await withTaskGroup(of: (Part, Result<Tasks.DecideBatchReply, RPCError>).self) { group in
            for part in parts {
                group.addTask { [options] in
                    do throws(RPCError) {
                        let reply = try await part.owner.client.decideBatch(
                            part.request, options: options)
                        return (part, .success(reply))
                    } catch {
                        return (part, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
