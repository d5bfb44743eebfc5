import Dispatch
import Domain
import Logging
import Synchronization

/// The one connection that writes, on a thread of its own: takes what waits, runs it as one
/// transaction, then tells the outcomes.
final class Writer: Sendable {
    /// The most commands of one transaction.
    static let groupLimit = 128

    private let queue: RequestQueue
    private let configuration: DatabaseConfiguration
    /// Called on the writer's thread after a commit with outbox messages.
    private let onMessages: @Sendable () -> Void
    private let thread = DispatchGroup()

    /// Takes the connection over and starts the thread.
    init(
        _ connection: Connection, configuration: DatabaseConfiguration,
        onMessages: @escaping @Sendable () -> Void
    ) throws(StorageError) {
        self.configuration = configuration
        self.onMessages = onMessages
        queue = RequestQueue(limit: configuration.queueLimit)
        connection.countFrames()
        let heads = try Heads(connection)
        thread.enter()
        do {
            try OwnThread.start { [self] in
                let group = WriteGroup(connection, heads: heads, now: configuration.clock.now())
                run(group)
                connection.close()
                thread.leave()
            }
        } catch {
            thread.leave()
            throw error
        }
    }

    /// Runs a command in a group and returns after its commit.
    func execute<C: Command>(_ command: C, once: Once?) async throws -> C.Reply {
        try await submit { group throws(GroupFailure) in
            try group.outcome(of: command, once: once)
        }
    }

    /// Runs `work` within a group and returns what it came to, after the commit.
    func submit<Reply: Sendable>(
        _ work: @escaping @Sendable (WriteGroup) throws(GroupFailure) -> Result<Reply, any Error>
    ) async throws -> Reply {
        if Task.isCancelled { throw StorageError.notApplied(.cancelled) }
        let id = queue.nextID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let request = WriteRequest(
                    id: id,
                    perform: { group throws(GroupFailure) in
                        let result = try work(group)
                        return { continuation.resume(with: result) }
                    },
                    fail: { continuation.resume(throwing: $0) })
                do {
                    try queue.add(request)
                } catch {
                    return continuation.resume(throwing: error)
                }
                // The handler may have run before the request was there.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Waits for what was accepted, then for the thread's end.
    func close() {
        queue.close()
        thread.wait()
    }

    /// How many requests wait.
    var waiting: Int { queue.count }

    private func cancel(_ id: UInt64) {
        queue.remove(id)?.fail(.notApplied(.cancelled))
    }

    // MARK: on the writer's thread

    private func run(_ group: WriteGroup) {
        do {
            var policy = CheckpointPolicy()
            while let requests = queue.take(most: Self.groupLimit) {
                try run(requests, group)
                try checkpointIfDue(group.connection, &policy)
            }
            if try group.connection.checkpoint(.truncate) {
                // Nothing is left for SQLite to copy unasked: now it may remove the log.
                try group.connection.setNoCheckpointOnClose(false)
            } else {
                configuration.logger.info("readers were in the way of the last checkpoint")
            }
        } catch is GroupFailure {
            // `abandon` has said why.
            acceptNothing()
        } catch let error as StorageError {
            if error.code == .notApplied(.diskFull) { return }
            die(error)
        } catch {
            die(StorageError(.unknown, "the writer ended: \(error)"))
        }
    }

    private func run(_ requests: [WriteRequest], _ group: WriteGroup) throws(GroupFailure) {
        if let free = DatabaseFile.freeBytes(at: configuration.path),
            free < configuration.reserveBytes
        {
            for request in requests { request.fail(.notApplied(.diskFull)) }
            return
        }
        var deliveries: [WriteRequest.Delivery] = []
        deliveries.reserveCapacity(requests.count)
        do throws(GroupFailure) {
            try group.begin(at: configuration.clock.now())
            for request in requests { deliveries.append(try request.perform(group)) }
            try group.commit()
        } catch {
            try abandon(requests, group, because: error)
            return
        }
        // Nobody is told anything before the commit: even a refusal may rest on what the group
        // wrote.
        for deliver in deliveries { deliver() }
        if group.hasMessages { onMessages() }
    }

    private func abandon(
        _ requests: [WriteRequest], _ group: WriteGroup, because failure: GroupFailure
    ) throws(GroupFailure) {
        do throws(GroupFailure) {
            guard case .notApplied(let error) = failure else { throw failure }
            try group.rollBack()
            configuration.logger.warning(
                "a group of commands was undone",
                metadata: ["commands": "\(requests.count)", "error": "\(error)"])
            for request in requests { request.fail(error) }
        } catch {
            // Seen by tests only: in service the process ends without an answer.
            if case .fatal(let cause) = error { configuration.fatal(cause) }
            for request in requests {
                request.fail(StorageError(.unknown, "the process should have ended"))
            }
            throw error
        }
    }

    /// Between groups, on the connection that writes, with its code looked at.
    private func checkpointIfDue(
        _ connection: Connection, _ policy: inout CheckpointPolicy
    ) throws(StorageError) {
        let frames = connection.frames
        guard let kind = policy.due(frames: frames, isIdle: queue.isEmpty) else { return }
        do {
            let isWhole = try connection.checkpoint(kind)
            policy.made(kind, frames: frames, isWhole: isWhole)
        } catch {
            // Without room the log keeps what it has; nothing is lost.
            guard error.code == .notApplied(.diskFull) else { throw error }
            configuration.logger.warning("no room for a checkpoint")
        }
    }

    /// The end of the process. Only tests go on after it.
    private func die(_ error: StorageError) {
        configuration.fatal(error)
        acceptNothing()
    }

    private func acceptNothing() {
        for request in queue.closeAndEmpty() { request.fail(.notApplied(.closed)) }
    }
}
