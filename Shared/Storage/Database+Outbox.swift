package import Domain
import Synchronization

/// A message of the outbox that its receiver has not answered.
package struct StoredMessage: Sendable, Hashable {
    /// Its place in the outbox, counted by the one writer.
    package let sequence: Int64
    package let id: [UInt8]
    package let lane: String
    package let destination: String
    package let kind: String
    package let payload: [UInt8]
    package let created: Timestamp
}

extension Database {
    /// The oldest unanswered message of each lane, oldest first: these may be delivered now, side
    /// by side.
    /// - Parameter destination: only those to this one; nil for all.
    package func pendingMessages(
        to destination: String? = nil, limit: Int
    ) throws -> [StoredMessage] {
        try read { rows in
            try rows.rows(
                Self.pending(to: destination, limit: limit), limit: limit
            ).map { row in
                StoredMessage(
                    sequence: try row.integer("sequence"), id: try row.blob("id"),
                    lane: try row.text("lane"), destination: try row.text("destination"),
                    kind: try row.text("kind"), payload: try row.blob("payload"),
                    created: Timestamp(milliseconds: try row.integer("created")))
            }
        }
    }

    /// With an index for each of both: a backlog to one destination costs nothing of another one's look.
    static func pending(to destination: String?, limit: Int) -> Statement {
        Statement(
            """
            SELECT sequence, id, lane, destination, kind, payload, created
            FROM outbox AS message
            WHERE acknowledged IS NULL \(destination == nil ? "" : "AND destination = ?")
                AND NOT EXISTS (
                    SELECT 1 FROM outbox AS earlier
                    WHERE earlier.lane = message.lane AND earlier.acknowledged IS NULL
                        AND earlier.sequence < message.sequence)
            ORDER BY sequence LIMIT ?
            """, (destination.map { [.text($0)] } ?? []) + [.integer(Int64(limit))])
    }

    /// Notes that the receiver answered; again is allowed. The lane's next message may then go.
    package func acknowledge(_ message: StoredMessage) async throws {
        _ = try await execute(Acknowledge(sequence: message.sequence))
    }

    /// Ticks once at the beginning and after commits with messages, several of them as one; ends
    /// when the database closes. Each access is a stream of its own.
    package var outboxSignal: AsyncStream<Void> { signal.stream() }
}

/// Nothing to say.
struct NoReply: StorableReply {
    init() {}
    init(storedBytes: [UInt8]) throws {}
    func storedBytes() throws -> [UInt8] { [] }
}

private struct Acknowledge: Command {
    let sequence: Int64

    func read(_ rows: any RowReader) throws {}

    func decide(_ facts: Void, at now: Timestamp) throws(Refusal) -> Plan<NoReply> {
        Plan(
            writes: [
                Statement(
                    """
                    UPDATE outbox SET acknowledged = ? WHERE sequence = ? AND acknowledged IS NULL
                    """, [.integer(now.milliseconds), .integer(sequence)])
            ], reply: NoReply())
    }
}

/// Tells everybody who listens that the outbox has something new.
final class OutboxSignal: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastListener = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        let number = state.withLock { state -> Int? in
            guard !state.isFinished else { return nil }
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            return state.lastListener
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    func send() {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield() }
    }

    func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
