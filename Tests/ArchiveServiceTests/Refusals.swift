import Messages
import RPC

/// What the call is refused with.
func refusal<Value>(_ call: () async throws -> Value) async throws -> RPCError {
    do {
        _ = try await call()
    } catch let error as RPCError {
        return error
    }
    throw NotRefused()
}

struct NotRefused: Error {}

extension RPCError {
    /// The faults of a refused form.
    var violations: [Common.FieldViolation] {
        details.compactMap { try? $0.decode(as: Common.FieldViolations.self) }
            .flatMap(\.violations)
    }

    var fields: [String] { violations.map(\.field) }
}
