public import Messages
public import RPC
public import ServiceStubs

extension Tasks.TaskCentreClient {
    /// Decides, and waits while the answer is 办理中 (DECIDING): until it is decided or refused, or the limit has passed.
    /// - Parameter limit: how long to wait; the reply is still DECIDING then.
    /// - Throws: what `decide` and `getDecision` throw; cancellation as `cancelled`.
    public func decideAndWait(
        _ request: Tasks.DecideRequest, options: CallOptions = CallOptions(),
        within limit: Duration = .seconds(30)
    ) async throws(RPCError) -> Tasks.DecideReply {
        let clock = ContinuousClock()
        let end = clock.now + limit
        var reply = try await decide(request, options: options)
        var asking = options
        asking.idempotencyKey = nil
        var pause = Duration.milliseconds(20)
        while reply.state == .deciding, clock.now + pause < end {
            do {
                try await clock.sleep(for: pause)
            } catch {
                throw RPCError(code: .cancelled, message: "已停止等待审核结果")
            }
            pause = min(pause * 2, .seconds(1))
            reply = try await getDecision(
                Tasks.GetDecisionRequest(taskID: request.taskID, decisionID: reply.decisionID),
                options: asking)
        }
        return reply
    }
}
