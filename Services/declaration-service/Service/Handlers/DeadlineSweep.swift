import Domain
import RPC
import ServiceRuntime
import Storage

/// Lets lapse what was not corrected in time.
struct DeadlineSweep: Sendable {
    let database: Database
    let ids: @Sendable () -> String

    func sweep(_ today: CivilDay) async throws(RPCError) {
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
