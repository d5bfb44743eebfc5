import Domain
import Messages
import RPC
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

/// Reminds the desks of what became overdue.
struct OverdueWatch: Sendable {
    let database: Database
    let dueDates: DueDates
    let hasSender: Bool

    func tell(_ today: CivilDay) async throws(RPCError) {
        let before = try dueDates.overdueBefore(today)
        while try await database.performOnce(
            TellOverdue(
                before: before, workingDays: dueDates.workingDays, hasSender: hasSender)
        ).told {}
    }
}
