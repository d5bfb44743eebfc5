import Messages
import RPC
import ServiceRuntime

// Live updates (T4). Nothing waits in memory for a slow watcher: what it has not taken is read from the disk when it takes more,
// of each task only the last; and when some of it has gone, it is told to read the list anew.

extension TaskCentreHandler {
    /// Changes that one message tells at most.
    static let mostOfUpdate = 200

    func watch(
        _ request: Tasks.WatchTasksRequest, replies: ReplyWriter<Tasks.TaskUpdate>,
        context: RequestContext
    ) async throws {
        _ = try ReviewDesk(context.caller)
        let mailbox = try NotificationReader(context.caller).shared
        let (ticks, tick) = changes.listen()
        defer { tick.finish() }
        var position = try start(request)
        try await replies.send(Tasks.TaskUpdate(position: position))
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let interval = sessionInterval
            // Who is signed out learns no more, whatever happens.
            group.addTask {
                while !Task.isCancelled {
                    try await Task.sleep(for: interval)
                    tick.yield()
                }
            }
            if let drain = context.drain {
                group.addTask {
                    await drain.wait()
                    tick.finish()
                }
            }
            tick.yield()
            for await _ in ticks {
                try await self.checkSession(context)
                while let update = try self.update(after: position, in: mailbox) {
                    position = update.position
                    try await replies.send(update)
                }
            }
        }
    }

    /// Where to begin: at the caller's position, or now.
    private func start(_ request: Tasks.WatchTasksRequest) throws -> Int64 {
        guard request.position == 0 else { return request.position }
        return try database.fetch { try TaskChangeStore.head($0) }
    }

    /// What there is to tell; nil for nothing.
    private func update(
        after position: Int64, in mailbox: MailboxName
    ) throws -> Tasks.TaskUpdate? {
        let (found, head) = try database.fetch { rows in
            (
                try TaskChangeStore.changes(
                    after: position, in: mailbox, limit: Self.mostOfUpdate, rows),
                try TaskChangeStore.head(rows)
            )
        }
        guard let found else { return Tasks.TaskUpdate(position: head, resync: true) }
        guard let last = found.last else { return nil }
        var newest: [String: Int] = [:]
        for (index, numbered) in found.enumerated() {
            newest[numbered.change.task?.id ?? ""] = index
        }
        return Tasks.TaskUpdate(
            position: last.sequence,
            changes: newest.values.sorted().map { found[$0].change })
    }

    private func checkSession(_ context: RequestContext) async throws {
        guard let token = context.session else { return }
        let session = try await resolver(token, context)
        guard session.personID == context.caller.session?.personID,
            session.role == context.caller.session?.role
        else { throw RPCError(code: .unauthenticated, message: "登录身份已变更，请重新登录") }
    }
}
