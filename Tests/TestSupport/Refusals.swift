package import MessageCoding
package import Messages
package import RPC

/// What the call is refused with.
package func refusal<Value>(_ call: () async throws -> Value) async throws -> RPCError {
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
    package var violations: [Common.FieldViolation] {
        details.compactMap { try? $0.decode(as: Common.FieldViolations.self) }
            .flatMap(\.violations)
    }

    /// The fields that a refused form names.
    package var fields: [String] { violations.map(\.field) }

    /// The first detail of that type.
    package func detail<M: Message>(_ type: M.Type = M.self) -> M? {
        details.lazy.compactMap { try? $0.decode(as: M.self) }.first
    }
}
