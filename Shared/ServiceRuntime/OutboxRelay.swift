package import Logging
import ServiceLifecycle
package import Storage

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

    /// How long a failed message waits before it is sent again.
    package struct Backoff: Sendable {
        package var first: Duration = .milliseconds(50)
        package var limit: Duration = .seconds(5)

        package init() {}

        func delay(afterFailures failures: Int) -> Duration {
            min(limit, first * (1 << min(failures - 1, 16)))
        }
    }

    /// Messages in delivery at once.
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
            var busy: Set<Int64> = []
            let (wakes, wake) = AsyncStream.makeStream(
                of: Event.self, bufferingPolicy: .unbounded)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in self.database.outboxSignal { wake.yield(.committed) }
                    wake.finish()
                }
                wake.yield(.committed)
                for await event in wakes {
                    switch event {
                    case .committed: break
                    case .delivered(let sequence):
                        busy.remove(sequence)
                        failures[sequence] = nil
                    case .failed(let sequence):
                        let count = (failures[sequence] ?? 0) + 1
                        failures[sequence] = count
                        let delay = self.backoff.delay(afterFailures: count)
                        group.addTask {
                            try? await Task.sleep(for: delay)
                            wake.yield(.ready(sequence))
                        }
                    case .ready(let sequence):
                        busy.remove(sequence)
                    }
                    let room = Self.concurrency - busy.count
                    guard room > 0 else { continue }
                    for message in try self.database.pendingMessages(limit: Self.concurrency)
                    where busy.count < Self.concurrency && busy.insert(message.sequence).inserted {
                        group.addTask { await self.send(message, wake) }
                    }
                }
                group.cancelAll()
            }
        }
    }

    private enum Event: Sendable {
        case committed
        case delivered(Int64)
        case failed(Int64)
        case ready(Int64)
    }

    private func send(
        _ message: StoredMessage, _ wake: AsyncStream<Event>.Continuation
    ) async {
        do {
            guard let deliver = deliveries[message.destination] else {
                throw ConfigurationError("no delivery to “\(message.destination)”")
            }
            try await deliver(message)
            try await database.acknowledge(message)
            wake.yield(.delivered(message.sequence))
        } catch {
            logger.warning(
                "message not delivered yet",
                metadata: [
                    "destination": "\(message.destination)", "kind": "\(message.kind)",
                    "sequence": "\(message.sequence)", "error": "\(error)",
                ])
            wake.yield(.failed(message.sequence))
        }
    }
}
