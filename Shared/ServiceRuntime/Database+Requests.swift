import Crypto
package import MessageCoding
package import RPC
package import Storage

extension StorableReply where Self: Message {
    /// The message's bytes, kept under its idempotency key.
    package func storedBytes() throws -> [UInt8] { try encodedBytes() }

    /// Reads a kept reply.
    package init(storedBytes: [UInt8]) throws { try self.init(decoding: storedBytes) }
}

extension Database {
    /// Runs the command once per (principal, method, idempotency key): a repeat with the same body gets the same answer, one with another body is refused.
    /// - Parameter keepForever: for decisions; other keys are kept for 7 days.
    /// - Throws: `invalidArgument` without a key; a refusal of the rules with its code; `unavailable` when the write was not applied and may be repeated.
    package func perform<C: Command>(
        _ command: C, for request: some Message, context: RequestContext,
        keepForever: Bool = false
    ) async throws(RPCError) -> C.Reply where C.Reply: Message {
        let key = try context.requiredKey()
        do {
            let hash = Array(SHA256.hash(data: try request.encodedBytes()))
            return try await execute(
                command,
                once: .request(
                    principal: context.caller.principal, method: context.method.name,
                    key: key.bytes, hash: hash, keepForever: keepForever))
        } catch {
            throw RPCError(serviceError: error)
        }
    }

    /// Throws what ``perform(_:for:context:keepForever:)`` would be refused with as things are now, before its request
    /// is complete; nothing when the key has its answer already. Such a refusal is not kept.
    package func preview(
        _ command: some Command, context: RequestContext
    ) throws(RPCError) {
        let key = try context.requiredKey()
        do {
            try preview(
                command,
                once: .request(
                    principal: context.caller.principal, method: context.method.name,
                    key: key.bytes, hash: [], keepForever: false))
        } catch {
            throw RPCError(serviceError: error)
        }
    }

    /// Runs the command without an idempotency key: for replies that carry a secret, and for what the service does by itself.
    package func performOnce<C: Command>(_ command: C) async throws(RPCError) -> C.Reply {
        do {
            return try await execute(command)
        } catch {
            throw RPCError(serviceError: error)
        }
    }

    /// One consistent read on the caller's thread.
    package func fetch<R>(_ body: (any RowReader) throws -> R) throws(RPCError) -> R {
        do {
            return try read(body)
        } catch {
            throw RPCError(serviceError: error)
        }
    }
}

extension RequestContext {
    fileprivate func requiredKey() throws(RPCError) -> IdempotencyKey {
        guard let idempotencyKey else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(method.name) changes data and needs an idempotency key",
                verdict: .never)
        }
        return idempotencyKey
    }
}

extension Database {
    /// Runs a command that another service's outbox sent, once per message: the inbox keeps the message's id and the answer.
    /// The idempotency key is the message's id.
    package func receive<C: Command>(
        _ command: C, for request: some Message, context: RequestContext
    ) async throws(RPCError) -> C.Reply where C.Reply: Message {
        guard let key = context.idempotencyKey, let service = context.caller.service else {
            throw RPCError(
                code: .invalidArgument, message: "a message needs an id and a known sender",
                verdict: .never)
        }
        do {
            let hash = Array(SHA256.hash(data: try request.encodedBytes()))
            return try await execute(
                command, once: .message(source: service, id: key.bytes, hash: hash))
        } catch {
            throw RPCError(serviceError: error)
        }
    }
}
