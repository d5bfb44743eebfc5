import ArgumentParser
import ZhichengClient

struct NoticesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notices",
        abstract:
            "通知: what became of everything that concerns the signed-in person and their unit.",
        subcommands: [List.self, Read.self], defaultSubcommand: List.self)
}

extension NoticesCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "通知, newest first.")

        @Flag(help: "Only what is not read yet.")
        var unread = false
        @Option(help: "How many rows at most.")
        var limit = 50
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func validate() throws {
            guard (1...2_000).contains(limit) else {
                throw ValidationError("--limit is a number from 1 to 2000")
            }
        }

        func run() async throws {
            let (found, count) = try await connection.withPlatform(session: session.token()) {
                client in
                var found: [Tasks.Notification] = []
                for try await row in client.notifications.all(unread: unread) {
                    found.append(row)
                    if found.count == limit { break }
                }
                return (found, try await client.notifications.countUnread(.init()).unread)
            }
            guard connection.output == .table else {
                return try Output.json(found.map(NotificationRow.init))
            }
            Output.table(Table(notifications: found))
            Output.note(count == 0 ? "没有未读通知" : "未读 \(count) 条；已读请用 zhicheng notices read")
        }
    }

    struct Read: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "标为已读: these, or all of them without an argument.")

        @Argument(help: "Notifications, as the list names them.")
        var ids: [String] = []
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let reply = try await connection.withPlatform(session: session.token()) { client in
                try await client.notifications.markRead(
                    Tasks.MarkReadRequest(ids: ids, all: ids.isEmpty))
            }
            guard connection.output == .table else {
                return try Output.json(["unread": reply.unread])
            }
            Output.note("未读 \(reply.unread) 条")
        }
    }
}

/// A notification for programs.
struct NotificationRow: Encodable {
    let id, event, object, title, text: String
    let atMs: Int64
    let read: Bool

    init(_ notification: Tasks.Notification) {
        id = notification.id
        event = notification.event
        object = notification.objectID
        title = notification.title
        text = notification.text
        atMs = notification.atMs
        read = notification.read
    }
}

extension Table {
    init(notifications: [Tasks.Notification]) {
        self.init(["", "时间", "标题", "内容", "通知"])
        rows = notifications.map {
            [$0.read ? "" : "●", minute($0.atMs), $0.title, $0.text, $0.id]
        }
    }
}
