import Messages
import RPC

// Who keeps answers of ResolveSession hears which of them to drop (I9).

extension IdentityHandler {
    func watchRevocations(
        _ requests: RequestStream<Identity.RevocationAcknowledgement>,
        replies: ReplyWriter<Identity.Revocation>, context: RequestContext
    ) async throws {
        guard let (id, revocations) = leases.open() else {
            throw RPCError(
                code: .resourceExhausted,
                message: "there are \(LeaseBook.mostWatches) watches of revocations already",
                verdict: .notExecuted)
        }
        defer { leases.close(id) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await replies.send(Identity.Revocation(watchID: id))
                for await revocation in revocations {
                    try await replies.send(
                        Identity.Revocation(
                            sequence: revocation.sequence,
                            tokenHashes: revocation.tokenHashes))
                }
            }
            group.addTask {
                for try await told in requests {
                    self.leases.acknowledge(id, upTo: told.sequence)
                }
            }
            // At the server's shutdown the watcher is to look for another one in time.
            if let drain = context.drain { group.addTask { await drain.wait() } }
            try await group.next()
            group.cancelAll()
        }
    }
}
