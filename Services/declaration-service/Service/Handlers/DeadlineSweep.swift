import Domain
import Logging
import RPC
import ServiceLifecycle
import ServiceRuntime
import Storage

/// Lets lapse what was not corrected in time, once at the start and once each day of the service's clock.
final class DeadlineSweep: Service {
    private let database: Database
    private let clock: any WallClock
    private let ids: @Sendable () -> String
    private let interval: Duration
    private let logger: Logger

    /// - Parameter interval: how often the clock is looked at.
    init(
        database: Database, clock: any WallClock, ids: @escaping @Sendable () -> String,
        interval: Duration, logger: Logger
    ) {
        self.database = database
        self.clock = clock
        self.ids = ids
        self.interval = interval
        self.logger = logger
    }

    /// Runs until cancelled. A day that could not be swept is tried again.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            var swept: CivilDay?
            while !Task.isCancelled {
                let today = CivilDay(self.clock.now())
                if today != swept {
                    do {
                        try await self.sweep(today)
                        swept = today
                    } catch {
                        self.logger.warning(
                            "deadlines not swept yet", metadata: ["error": "\(error)"])
                    }
                }
                try? await Task.sleep(for: self.interval)
            }
        }
    }

    private func sweep(_ today: CivilDay) async throws(RPCError) {
        while try database.fetch({ rows in
            try !DeclarationStore.overdue(on: today, limit: 1, rows).isEmpty
        }) {
            _ = try await database.performOnce(
                LapseOverdue(
                    today: today,
                    ids: (0..<LapseOverdue.most).map { _ in CommandIDs(ids) }))
        }
    }
}
