import RPC

extension CallOptions {
    /// With a random key unless there is one: what changes data can then be repeated safely.
    func withIdempotencyKey() -> CallOptions {
        guard idempotencyKey == nil else { return self }
        var options = self
        options.idempotencyKey = .random()
        return options
    }
}
