import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// 通知 (E5): decodes, calls the rules, encodes.
struct NotificationsHandler: Tasks.NotificationsProvider {
    let database: Database
    /// Whether a sender is to be called for what is posted.
    let hasSender: Bool
    /// Told when something became of a task.
    let changes: ChangeSignal

    func post(
        _ request: Tasks.PostRequest, context: RequestContext
    ) async throws -> Tasks.PostReply {
        let key = context.idempotencyKey?.bytes ?? []
        let reply = try await database.receive(
            PostNotification(request: request, id: Notice.id(key), hasSender: hasSender),
            for: request, context: context)
        if !request.tasks.isEmpty { changes.send() }
        return reply
    }

    func list(
        _ request: Tasks.ListNotificationsRequest, context: RequestContext
    ) async throws -> Tasks.ListNotificationsReply {
        let reader = try NotificationReader(context.caller)
        let bounds = try PageBounds(request.page)
        let found = try database.fetch { rows in
            try NotificationStore.page(of: reader, unread: request.unread, bounds, rows)
        }
        let (page, next) = bounds.page(found) { PageCursor(sort: $0.atMs, id: $0.id) }
        return Tasks.ListNotificationsReply(notifications: page, nextCursor: next)
    }

    func countUnread(
        _ request: Tasks.CountUnreadRequest, context: RequestContext
    ) async throws -> Tasks.CountUnreadReply {
        let reader = try NotificationReader(context.caller)
        return Tasks.CountUnreadReply(
            unread: try database.fetch { try NotificationStore.countUnread(by: reader, $0) })
    }

    func markRead(
        _ request: Tasks.MarkReadRequest, context: RequestContext
    ) async throws -> Tasks.CountUnreadReply {
        let reader = try NotificationReader(context.caller)
        return try await database.perform(
            MarkRead(reader: reader, request: request), for: request, context: context)
    }
}
