import MessageCoding
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
    /// The fields that a refused form names.
    var fields: [String] {
        details.compactMap { try? $0.decode(as: Common.FieldViolations.self) }
            .flatMap(\.violations).map(\.field)
    }

    func detail<M: Message>(_ type: M.Type = M.self) -> M? {
        details.lazy.compactMap { try? $0.decode(as: M.self) }.first
    }
}
