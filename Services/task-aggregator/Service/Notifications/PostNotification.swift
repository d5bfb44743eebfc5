import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

extension Tasks.PostReply: StorableReply {}
extension Tasks.CountUnreadReply: StorableReply {}

/// An owner's announcement: whom it concerns is told (E5), and what waits is noted.
struct PostNotification: Command {
    static let mostRecipients = 10
    static let mostTasks = 10

    let request: Tasks.PostRequest
    /// The message's id, and so the notification's.
    let id: String
    /// Whether a sender is to be called besides.
    let hasSender: Bool

    /// The number of the newest change of a task.
    func read(_ rows: any RowReader) throws -> Int64 { try TaskChangeStore.head(rows) }

    func decide(_ head: Int64, at now: Timestamp) throws(Refusal) -> Plan<Tasks.PostReply> {
        try check()
        let notice = Notice(
            Tasks.Notification(
                id: id, event: request.event, objectID: request.objectID, title: request.title,
                text: request.text, atMs: request.atMs), to: request.recipients)
        var writes = notice.writes
        if !request.actorID.isEmpty, !request.recipients.isEmpty {
            writes += NotificationStore.mark([(id, request.atMs)], by: request.actorID)
        }
        for change in request.tasks {
            writes += OpenTaskStore.follow(change, atMilliseconds: request.atMs)
        }
        writes += TaskChangeStore.add(request.tasks, behind: head)
        return Plan(
            writes: writes, messages: hasSender ? notice.toSender : [], reply: Tasks.PostReply())
    }

    private func check() throws(Refusal) {
        var check = FormCheck()
        let isTold = !request.recipients.isEmpty
        _ = check.text(request.event, "event", "事件", required: true, longest: 100)
        _ = check.text(request.objectID, "object_id", "对象", required: true, longest: 64)
        _ = check.text(request.title, "title", "标题", required: isTold, longest: 100)
        _ = check.text(request.text, "text", "内容", required: isTold, longest: 500)
        _ = check.text(request.actorID, "actor_id", "操作人", required: false, longest: 64)
        if request.atMs <= 0 { check.fault("at_ms", "时间", "不能为空") }
        let recipients = request.recipients
        if recipients.count > Self.mostRecipients {
            check.fault("recipients", "收件人", "最多 \(Self.mostRecipients) 个，有 \(recipients.count) 个")
        } else if recipients.contains(where: { !(1...64).contains($0.id.utf8.count) }) {
            check.fault("recipients", "收件人", "编号应为 1 至 64 个字节")
        }
        if request.tasks.count > Self.mostTasks {
            check.fault("tasks", "任务", "最多 \(Self.mostTasks) 个，有 \(request.tasks.count) 个")
        } else if request.tasks.contains(where: { !$0.isSound }) {
            check.fault("tasks", "任务", "任务编号应为 1 至 \(TaskSources.longestTaskID) 个字节")
        }
        try check.finish()
    }
}

extension Tasks.TaskChange {
    fileprivate var isSound: Bool {
        guard let task, desk != nil else { return false }
        return (1...TaskSources.longestTaskID).contains(task.id.utf8.count)
    }
}

/// A notification on its way into mailboxes.
struct Notice: Sendable {
    let notification: Tasks.Notification
    let recipients: [Tasks.Mailbox]

    init(_ notification: Tasks.Notification, to recipients: [Tasks.Mailbox]) {
        self.notification = notification
        self.recipients = recipients
    }

    var writes: [Statement] {
        var names: [MailboxName] = []
        for name in recipients.flatMap(MailboxName.all) where !names.contains(name) {
            names.append(name)
        }
        return NotificationStore.add(notification, to: names)
    }

    /// The id of a notification that the task centre itself gives.
    /// - Parameter name: what no other is named.
    static func id(_ name: String) -> String { id(OutboxMessage.id(of: name)) }

    /// A message's id as an object's.
    static func id(_ bytes: [UInt8]) -> String {
        Hexadecimal.text(bytes)
    }

    /// One message per recipient, for a sender.
    var toSender: [OutboxMessage] {
        recipients.map { recipient in
            let name = "\(notification.id):\(recipient.kind.rawValue):\(recipient.id)"
            let post = Tasks.PostRequest(
                event: notification.event, objectID: notification.objectID,
                title: notification.title, text: notification.text, atMs: notification.atMs,
                recipients: [recipient])
            return OutboxMessage(
                lane: "send:\(name)", destination: SenderDelivery.destination, kind: "send",
                id: OutboxMessage.id(of: name), payload: (try? post.encodedBytes()) ?? [])
        }
    }
}

/// 标为已读, by one person.
struct MarkRead: Command {
    static let mostIDs = 200

    let reader: NotificationReader
    let request: Tasks.MarkReadRequest

    func read(_ rows: any RowReader) throws -> [(id: String, atMilliseconds: Int64)] {
        try NotificationStore.unread(by: reader, rows)
    }

    func decide(
        _ unread: [(id: String, atMilliseconds: Int64)], at now: Timestamp
    ) throws(Refusal) -> Plan<Tasks.CountUnreadReply> {
        var check = FormCheck()
        if request.ids.count > Self.mostIDs {
            check.fault("ids", "通知", "最多 \(Self.mostIDs) 条，有 \(request.ids.count) 条")
        } else if request.all != request.ids.isEmpty {
            check.fault("ids", "通知", "请选择通知，或全部标为已读")
        }
        try check.finish()
        let wanted = Set(request.ids)
        let read = request.all ? unread : unread.filter { wanted.contains($0.id) }
        return Plan(
            writes: NotificationStore.mark(read, by: reader.personID),
            reply: Tasks.CountUnreadReply(unread: Int64(unread.count - read.count)))
    }
}
