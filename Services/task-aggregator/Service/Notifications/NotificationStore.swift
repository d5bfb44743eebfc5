import Messages
import ServiceRuntime
import Storage

/// The SQL of notifications and of who has read them.
enum NotificationStore {
    /// Kept of a mailbox: the newest.
    static let mostOfMailbox = 1_000
    /// Marks kept of a person: more than both mailboxes can show.
    static let mostReadOfPerson = 2 * mostOfMailbox + 200

    // MARK: reads

    /// One page, newest first; one row more than the page's size when there is a next page.
    static func page(
        of reader: NotificationReader, unread: Bool, _ bounds: PageBounds, _ rows: any RowReader
    ) throws -> [Tasks.Notification] {
        let (isRead, person) = isRead(reader)
        let (theirs, mailboxes) = theirs(reader)
        return try rows.rows(
            Statement(
                """
                SELECT n.id AS id, n.event AS event, n.object_id AS object_id, n.title AS title,
                    n.text AS text, n.at_ms AS at_ms, \(isRead) AS is_read
                FROM (\(theirs)) AS n
                WHERE (n.at_ms, n.id) < (?, ?)
                    \(unread ? "AND NOT \(isRead)" : "")
                ORDER BY n.at_ms DESC, n.id DESC LIMIT ?
                """,
                person + mailboxes + [.integer(bounds.start.sort), .text(bounds.start.id)]
                    + (unread ? person : []) + [.integer(Int64(bounds.size + 1))]),
            limit: bounds.size + 1
        ).map { row in
            Tasks.Notification(
                id: try row.text("id"), event: try row.text("event"),
                objectID: try row.text("object_id"), title: try row.text("title"),
                text: try row.text("text"), atMs: try row.integer("at_ms"),
                read: try row.integer("is_read") == 1)
        }
    }

    /// What the reader has not read: by id, when it was.
    static func unread(
        by reader: NotificationReader, _ rows: any RowReader
    ) throws -> [(id: String, atMilliseconds: Int64)] {
        let (isRead, person) = isRead(reader)
        let (theirs, mailboxes) = theirs(reader)
        return try rows.rows(
            Statement(
                """
                SELECT n.id AS id, n.at_ms AS at_ms FROM (\(theirs)) AS n
                WHERE NOT \(isRead) ORDER BY n.at_ms DESC, n.id DESC
                """, mailboxes + person), limit: 2 * (mostOfMailbox + 100)
        ).map { (try $0.text("id"), try $0.integer("at_ms")) }
    }

    static func countUnread(by reader: NotificationReader, _ rows: any RowReader) throws -> Int64 {
        let (isRead, person) = isRead(reader)
        let (theirs, mailboxes) = theirs(reader)
        return try rows.row(
            Statement(
                """
                SELECT count(*) AS unread FROM (\(theirs)) AS n WHERE NOT \(isRead)
                """, mailboxes + person))?.integer("unread") ?? 0
    }

    /// What is in both mailboxes counts once. Two selects, which SQLite merges in the order of their keys: a page
    /// reads no more than its rows.
    private static func theirs(_ reader: NotificationReader) -> (sql: String, [Value]) {
        let own = Value.text(reader.own.text)
        return (
            """
            SELECT * FROM notifications WHERE mailbox = ?
            UNION ALL
            SELECT * FROM notifications AS shared WHERE mailbox = ? AND NOT EXISTS (
                SELECT 1 FROM notifications AS twin WHERE twin.mailbox = ?
                    AND twin.at_ms = shared.at_ms AND twin.id = shared.id)
            """, [own, .text(reader.shared.text), own]
        )
    }

    private static func isRead(_ reader: NotificationReader) -> (sql: String, [Value]) {
        (
            """
            EXISTS (SELECT 1 FROM notification_reads AS mark
                WHERE mark.person_id = ? AND mark.at_ms = n.at_ms AND mark.id = n.id)
            """, [.text(reader.personID)]
        )
    }

    // MARK: writes

    /// Puts it into the mailboxes; their oldest beyond the bound go.
    static func add(
        _ notification: Tasks.Notification, to mailboxes: [MailboxName]
    ) -> [Statement] {
        mailboxes.flatMap { mailbox in
            [
                Statement(
                    """
                    INSERT INTO notifications (mailbox, at_ms, id, event, object_id, title, text)
                    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mailbox, at_ms, id) DO NOTHING
                    """,
                    [
                        .text(mailbox.text), .integer(notification.atMs), .text(notification.id),
                        .text(notification.event), .text(notification.objectID),
                        .text(notification.title), .text(notification.text),
                    ]),
                trim(
                    "notifications", "mailbox", mailbox.text, to: mostOfMailbox),
            ]
        }
    }

    /// The person has read these.
    static func mark(
        _ read: [(id: String, atMilliseconds: Int64)], by person: String
    ) -> [Statement] {
        guard !read.isEmpty else { return [] }
        return read.map { mark in
            Statement(
                """
                INSERT INTO notification_reads (person_id, at_ms, id) VALUES (?, ?, ?)
                ON CONFLICT (person_id, at_ms, id) DO NOTHING
                """, [.text(person), .integer(mark.atMilliseconds), .text(mark.id)])
        } + [trim("notification_reads", "person_id", person, to: mostReadOfPerson)]
    }

    /// Only the newest rows of the owner stay; of those of one moment some more.
    private static func trim(
        _ table: String, _ column: String, _ owner: String, to most: Int
    ) -> Statement {
        Statement(
            """
            DELETE FROM \(table) WHERE \(column) = ? AND at_ms < (
                SELECT kept.at_ms FROM \(table) AS kept WHERE kept.\(column) = ?
                ORDER BY kept.at_ms DESC, kept.id DESC LIMIT 1 OFFSET ?)
            """, [.text(owner), .text(owner), .integer(Int64(most - 1))])
    }
}
