import Domain
import Logging
import Messages
import RPC
import ServiceLifecycle
import ServiceRuntime
import Storage

/// One desk learns which of its tasks became overdue: one notification, however many they are (T7).
struct TellOverdue: Command {
    /// Named in the text.
    static let named = 3

    /// What entered earlier is overdue.
    let before: Timestamp
    let workingDays: Int
    let hasSender: Bool

    struct Reply: StorableReply {
        /// Whether there was a desk to tell.
        let told: Bool

        init(told: Bool) { self.told = told }
        init(storedBytes: [UInt8]) { told = storedBytes == [1] }
        func storedBytes() -> [UInt8] { [told ? 1 : 0] }
    }

    struct Found: Sendable {
        /// The oldest of them.
        let tasks: [OpenTask]
        let count: Int64
    }

    func read(_ rows: any RowReader) throws -> Found? {
        guard let oldest = try OpenTaskStore.untold(before: before, of: nil, limit: 1, rows).first
        else { return nil }
        return Found(
            tasks: try OpenTaskStore.untold(
                before: before, of: oldest.desk, limit: Self.named, rows),
            count: try OpenTaskStore.countUntold(before: before, of: oldest.desk, rows))
    }

    func decide(_ facts: Found?, at now: Timestamp) throws(Refusal) -> Plan<Reply> {
        guard let facts, let oldest = facts.tasks.first else {
            return Plan(reply: Reply(told: false))
        }
        let names = facts.tasks.map { "\($0.applicantName) 的\($0.kindLabel)“\($0.title)”" }
        let notice = Notice(
            Tasks.Notification(
                id: Notice.id("overdue:\(oldest.taskID)"), event: "task.overdue",
                objectID: facts.count == 1 ? oldest.objectID : "",
                title: "逾期提醒 \(facts.count) 项",
                text: "已超过 \(workingDays) 个工作日未办理："
                    + names.joined(separator: "、") + (facts.count > Int64(names.count) ? " 等" : ""),
                atMs: now.milliseconds), to: [oldest.desk])
        return Plan(
            writes: notice.writes + [OpenTaskStore.tell(before: before, of: oldest.desk)],
            messages: hasSender ? notice.toSender : [], reply: Reply(told: true))
    }
}

/// Reminds the desks of what became overdue, once at the start and once each day of the service's clock.
final class OverdueWatch: Service {
    private let database: Database
    private let clock: any WallClock
    private let dueDates: DueDates
    private let hasSender: Bool
    private let interval: Duration
    private let logger: Logger

    /// - Parameter interval: how often the clock is looked at.
    init(
        database: Database, clock: any WallClock, dueDates: DueDates, hasSender: Bool,
        interval: Duration = .seconds(1), logger: Logger
    ) {
        self.database = database
        self.clock = clock
        self.dueDates = dueDates
        self.hasSender = hasSender
        self.interval = interval
        self.logger = logger
    }

    /// Runs until cancelled. What could not be told is told on the next day.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            var done: CivilDay?
            while !Task.isCancelled {
                let today = CivilDay(self.clock.now())
                if today != done {
                    do {
                        try await self.tell(today)
                    } catch {
                        self.logger.warning(
                            "desks were not told what is overdue",
                            metadata: ["error": "\(error)"])
                    }
                    done = today
                }
                try? await Task.sleep(for: self.interval)
            }
        }
    }

    private func tell(_ today: CivilDay) async throws(RPCError) {
        let before = try dueDates.overdueBefore(today)
        while try await database.performOnce(
            TellOverdue(
                before: before, workingDays: dueDates.workingDays, hasSender: hasSender)
        ).told {}
    }
}
