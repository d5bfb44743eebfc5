import Domain
import Logging
import Messages
import ServiceLifecycle
import ServiceRuntime
import Storage
import Synchronization

/// 待处理 or 已处理 of one unit.
struct KnownView: Sendable, Hashable {
    let unit: String
    let isPending: Bool
}

/// Keeps what sources answered, for the time when one of them does not.
///
/// Answers do not wait for it: what was seen is queued, and written by `run()`. Sightings that say
/// nothing new on a day are dropped before the queue, and the oldest ones when it is full: a projection may
/// be behind. What nobody looks at for ``KnownStore/mostDays`` goes with the first sighting of a day.
final class LastKnown: Service {
    /// What was seen: the part of a source's rows, or counts, that a sighting replaces.
    private struct Subject: Sendable, Hashable {
        let source: String
        let unit: String
        let part: Part

        enum Part: Sendable, Hashable {
            case page(isPending: Bool, from: PageCursor)
            case counts(view: Int32)
            case decision(taskID: String)
        }
    }

    /// Each day things are seen anew.
    private struct Digest: Sendable, Hashable {
        let day: CivilDay
        let hash: Int
    }

    private struct Sighting: Sendable {
        let subject: Subject
        let digest: Digest
        let keep: @Sendable (Database) async throws -> Void
    }

    /// Sightings that wait.
    private static let queueLimit = 1_000
    /// Subjects whose last digest is remembered; beyond, everything is written anew once.
    private static let digestLimit = 20_000

    private let database: Database
    private let clock: any WallClock
    private let logger: Logger
    private let waiting: AsyncStream<Sighting>
    private let queue: AsyncStream<Sighting>.Continuation
    /// Of what was last written.
    private let digests = Mutex<[Subject: Digest]>([:])

    init(database: Database, clock: any WallClock, logger: Logger) {
        self.database = database
        self.clock = clock
        self.logger = logger
        (waiting, queue) = AsyncStream.makeStream(
            of: Sighting.self, bufferingPolicy: .bufferingNewest(Self.queueLimit))
    }

    /// A source's page of the whole view, from the place where the page began.
    func saw(_ page: TaskPage, from start: PageCursor, of source: String, in view: KnownView) {
        note(
            Subject(
                source: source, unit: view.unit,
                part: .page(isPending: view.isPending, from: start)), page.hashValue
        ) { database in
            _ = try await database.execute(
                KeepPage(source: source, view: view, start: start, page: page))
        }
    }

    /// A source's counts.
    func saw(
        _ counts: Tasks.CountTasksReply, of source: String, unit: String, view: Tasks.TaskView
    ) {
        note(
            Subject(source: source, unit: unit, part: .counts(view: view.rawValue)),
            counts.hashValue
        ) { database in
            _ = try await database.execute(
                KeepCounts(source: source, unit: unit, view: view, counts: counts))
        }
    }

    /// A task of the unit that is decided now: it does not wait any more.
    func decided(_ taskID: String, unit: String) {
        note(Subject(source: "", unit: unit, part: .decision(taskID: taskID)), 0) { database in
            _ = try await database.execute(ForgetPending(unit: unit, taskID: taskID))
        }
    }

    private func note(
        _ subject: Subject, _ hash: Int,
        _ keep: @escaping @Sendable (Database) async throws -> Void
    ) {
        let digest = Digest(day: CivilDay(clock.now()), hash: hash)
        guard digests.withLock({ $0[subject] != digest }) else { return }
        queue.yield(Sighting(subject: subject, digest: digest, keep: keep))
    }

    /// Writes what was seen, until cancelled or shut down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            var swept: CivilDay?
            for await sighting in self.waiting {
                await self.keep(sighting)
                if swept != sighting.digest.day, await self.sweep(sighting.digest.day) {
                    swept = sighting.digest.day
                }
            }
        }
    }

    /// Whether everything went that nobody looks at.
    private func sweep(_ today: CivilDay) async -> Bool {
        do {
            while try await !database.execute(ForgetUnseen(today: today)).isAll {}
            return true
        } catch {
            logger.warning("last known rows were not swept", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// What cannot be kept is lost, and nothing else: the list is live.
    private func keep(_ sighting: Sighting) async {
        do {
            try await sighting.keep(database)
        } catch {
            logger.warning("last known rows were not kept", metadata: ["error": "\(error)"])
            return
        }
        digests.withLock { digests in
            if digests.count >= Self.digestLimit { digests.removeAll() }
            digests[sighting.subject] = sighting.digest
        }
    }
}
