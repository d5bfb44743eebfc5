package import Logging
import ServiceLifecycle
package import Storage
import Synchronization

/// Delivers the outbox: first in first out per lane, lanes side by side, each message until its receiver answered.
///
/// Receivers are idempotent by the message's id, so a message that was delivered but not yet acknowledged is delivered again after a crash.
package final class OutboxRelay: Service {
    /// Sends one message and acts on the answer; throws to have it sent again.
    package typealias Delivery = @Sendable (StoredMessage) async throws -> Void

    private let database: Database
    private let deliveries: [String: Delivery]
    private let logger: Logger
    private let backoff: Backoff
    /// A commit has been told of, and not been looked for yet.
    private let isWoken = Atomic(false)

    /// How long a failed message waits before it is sent again.
    package struct Backoff: Sendable {
        package var first: Duration = .milliseconds(50)
        package var limit: Duration = .seconds(5)

        package init() {}

        func delay(afterFailures failures: Int) -> Duration {
            min(limit, first * (1 << min(failures - 1, 16)))
        }
    }

    /// Messages in delivery to one destination at once; one that stalls holds up no other.
    private static let concurrency = 64

    package init(
        database: Database, deliver deliveries: [String: Delivery], logger: Logger,
        backoff: Backoff = Backoff()
    ) {
        self.database = database
        self.deliveries = deliveries
        self.logger = logger
        self.backoff = backoff
    }

    /// Runs until cancelled.
    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            var failures: [Int64: Int] = [:]
            var busy: [String: Set<Int64>] = [:]
            var looksAgain = false
            let (wakes, wake) = AsyncStream.makeStream(
                of: Event.self, bufferingPolicy: .unbounded)
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask {
                    // One look serves all commits before it.
                    for await _ in self.database.outboxSignal
                    where !self.isWoken.exchange(true, ordering: .acquiringAndReleasing) {
                        wake.yield(.committed)
                    }
                    wake.finish()
                }
                wake.yield(.committed)
                for await event in wakes {
                    switch event {
                    case .committed:
                        _ = self.isWoken.exchange(false, ordering: .acquiringAndReleasing)
                    case .delivered(let message):
                        busy[message.destination]?.remove(message.sequence)
                        failures[message.sequence] = nil
                    case .failed(let message):
                        let count = (failures[message.sequence] ?? 0) + 1
                        failures[message.sequence] = count
                        let delay = self.backoff.delay(afterFailures: count)
                        group.addTask {
                            try? await Task.sleep(for: delay)
                            wake.yield(.ready(message))
                        }
                    case .ready(let message):
                        busy[message.destination]?.remove(message.sequence)
                    case .unread: looksAgain = false
                    }
                    for (destination, deliver) in self.deliveries {
                        guard let next = try self.next(to: destination, besides: &busy) else {
                            if !looksAgain {
                                looksAgain = true
                                group.addTask {
                                    try? await Task.sleep(for: self.backoff.first)
                                    wake.yield(.unread)
                                }
                            }
                            continue
                        }
                        for message in next {
                            group.addTask { await self.send(message, by: deliver, wake) }
                        }
                    }
                }
                group.cancelAll()
            }
        }
    }

    private enum Event: Sendable {
        case committed
        case delivered(StoredMessage)
        case failed(StoredMessage)
        case ready(StoredMessage)
        /// The outbox could not be read a while ago.
        case unread
    }

    /// Takes what may be sent to the destination now, and notes it as busy; nil when a read of that moment failed, as
    /// it does on a machine that is too busy.
    private func next(
        to destination: String, besides busy: inout [String: Set<Int64>]
    ) throws -> [StoredMessage]? {
        var taken = busy[destination] ?? []
        guard taken.count < Self.concurrency else { return [] }
        let pending: [StoredMessage]
        do {
            pending = try database.pendingMessages(to: destination, limit: Self.concurrency)
        } catch let error as StorageError {
            guard error.isNotApplied else { throw error }
            logger.warning(
                "the outbox is looked at again",
                metadata: ["destination": "\(destination)", "error": "\(error)"])
            return nil
        }
        let next = pending.filter { !taken.contains($0.sequence) }
            .prefix(Self.concurrency - taken.count)
        taken.formUnion(next.map(\.sequence))
        busy[destination] = taken
        return Array(next)
    }

    private func send(
        _ message: StoredMessage, by deliver: Delivery,
        _ wake: AsyncStream<Event>.Continuation
    ) async {
        do {
            try await deliver(message)
            try await database.acknowledge(message)
            wake.yield(.delivered(message))
        } catch {
            logger.warning(
                "message not delivered yet",
                metadata: [
                    "destination": "\(message.destination)", "kind": "\(message.kind)",
                    "sequence": "\(message.sequence)", "error": "\(error)",
                ])
            wake.yield(.failed(message))
        }
    }
}
