import ZhichengClient

/// One decision in the task centre.
func approve(_ task: Tasks.Task, _ officer: PlatformClient) async throws -> Tasks.DecideReply {
    // snippet: decide
    let reply = try await officer.tasks.decideAndWait(
        Tasks.DecideRequest(
            taskID: task.id, expectedVersion: task.version, outcome: .approved, opinion: "情况属实"))
    switch reply.state {
    case .done: print("通过", task.title)
    case .refused: print("未通过", reply.message)
    default: print("办理中，稍后查看", reply.decisionID)
    }
    // end
    return reply
}

/// A key that outlives the process.
func approve(
    _ request: Tasks.DecideRequest, keptKey: [UInt8], _ officer: PlatformClient
) async throws -> Tasks.DecideReply {
    // snippet: own-key
    var options = CallOptions()
    options.idempotencyKey = IdempotencyKey(keptKey)
    let reply = try await officer.tasks.decide(request, options: options)
    // end
    return reply
}

/// The same change once more, after its answer was lost.
func submitAgain(
    _ request: Quota.SubmitRecordRequest, _ officer: PlatformClient
) async throws -> Quota.Record {
    // snippet: repeat
    do {
        return try await officer.quota.submitRecord(request)
    } catch {
        guard error.verdict == .unknown else { throw error }
        // It may have happened. With its own key the repeat returns the first one's outcome.
        var options = CallOptions()
        options.idempotencyKey = error.idempotencyKey
        options.timeout = .seconds(60)
        return try await officer.quota.submitRecord(request, options: options)
    }
    // end
}
