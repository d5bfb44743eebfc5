import RPC

/// Repeats a call that a busy machine did not answer in time, with the same key, as a client does.
func patiently<Reply>(_ call: () async throws -> Reply) async throws -> Reply {
    for _ in 0..<20 {
        do {
            return try await call()
        } catch let error as RPCError {
            guard error.code == .deadlineExceeded else { throw error }
        }
    }
    return try await call()
}
