import Domain
import Messages
import ServiceRuntime
import Storage

extension Tasks.RemindReply: StorableReply {}

/// 催办 (T7) by the applicant, or by a superior over the applicant's unit: whoever has the task is told. Once a day per task,
/// whoever it was.
struct RemindOfTask: Command {
    let session: Identity.Session
    let taskID: String
    let hasSender: Bool

    struct Facts: Sendable {
        let task: OpenTask?
        /// The day of the last reminder; "" for none.
        let lastDay: String
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            task: try OpenTaskStore.task(taskID, rows),
            lastDay: try OpenTaskStore.remindedDay(taskID, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Tasks.RemindReply> {
        // A task of others answers as an unknown one, and as one that is decided already.
        guard let task = facts.task, let who = who(task) else { throw .notFound("待办任务") }
        let today = CivilDay(now)
        guard facts.lastDay != "\(today)" else {
            throw .precondition("该任务今天已经催办过，每天只能催办一次")
        }
        let since = CivilDay(Timestamp(milliseconds: task.sortMilliseconds))
        let notice = Notice(
            Tasks.Notification(
                id: Notice.id("reminder:\(taskID):\(today)"), event: "task.reminder",
                objectID: task.objectID, title: "催办 \(task.kindLabel)",
                text: "\(who)催办：\(task.applicantName) 的\(task.kindLabel)“\(task.title)”"
                    + "自 \(since) 起等待审核，请尽快办理",
                atMs: now.milliseconds), to: [task.desk])
        return Plan(
            writes: notice.writes + [OpenTaskStore.remind(taskID, on: today)],
            messages: hasSender ? notice.toSender : [],
            audit: [
                AuditEntry(
                    actor: "person:\(session.personID)", action: "tasks.remind",
                    object: "task:\(taskID)", after: [("day", "\(today)")])
            ], reply: Tasks.RemindReply())
    }

    /// As what the person may remind of the task; nil when it is not theirs to.
    private func who(_ task: OpenTask) -> String? {
        switch session.role {
        case .applicant: task.applicantID == session.personID ? "申报人" : nil
        case .superior:
            task.desk.kind == .unit
                && Region(code: session.region).flatMap { own in
                    Region(code: task.region).map(own.covers)
                } == true ? "主管部门" : nil
        default: nil
        }
    }
}
