import Domain
import Logging
import ServiceLifecycle
import ServiceRuntime
import Storage
import Synchronization

/// Notes the latest requests of sessions behind the callers' backs, so that ResolveSession only reads.
///
/// What is not written when the service dies makes a session end a little earlier, never later.
final class SessionKeeper: Service {
    /// The most sessions that wait to be noted; more are noted by a later request.
    private static let mostWaiting = 10_000
    /// Sessions noted in one command.
    private static let batch = 500

    private let database: Database
    private let logger: Logger
    private let waiting = Mutex<[[UInt8]: Timestamp]>([:])
    private let signal: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
        (signal, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The session of this token made a request at `time`.
    func note(tokenHash: [UInt8], at time: Timestamp) {
        let isFirst = waiting.withLock { waiting in
            guard waiting.count < Self.mostWaiting || waiting[tokenHash] != nil else {
                return false
            }
            waiting[tokenHash] = time
            return waiting.count == 1
        }
        if isFirst { wake.yield() }
    }

    /// Writes until the service stops.
    func run() async throws {
        for await _ in signal.cancelOnGracefulShutdown() {
            await flush()
        }
    }

    /// Writes what waits now.
    func flush() async {
        while true {
            let batch = waiting.withLock { waiting in
                let batch = Array(waiting.prefix(Self.batch))
                for entry in batch { waiting[entry.key] = nil }
                return batch
            }
            guard !batch.isEmpty else { return }
            do {
                _ = try await database.performOnce(
                    NoteRequests(seen: Dictionary(uniqueKeysWithValues: batch)))
            } catch {
                logger.warning("sessions not noted", metadata: ["error": "\(error)"])
            }
        }
    }
}
