import Messages
import RPC
import ServiceRuntime

extension TaskSourceHandler {
    /// Each declaration has a recommendation of its own (D7), and is decided on its own.
    func decideBatch(
        _ request: Tasks.DecideBatchRequest, context: RequestContext
    ) async throws -> Tasks.DecideBatchReply {
        try request.refused("职称申报须逐份审核，不能批量审核")
    }
}
