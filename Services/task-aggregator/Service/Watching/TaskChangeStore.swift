import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// The SQL of what became of tasks, numbered in the order in which the owners' announcements came in.
enum TaskChangeStore {
    /// Kept of a mailbox: the newest.
    static let mostOfMailbox = 1_000

    struct Numbered: Sendable {
        let sequence: Int64
        let change: Tasks.TaskChange
    }

    // MARK: reads

    /// The number of the newest change of all.
    static func head(_ rows: any RowReader) throws -> Int64 {
        try rows.row(Statement("SELECT sequence FROM task_change_head WHERE only = 1"))?
            .integer("sequence") ?? 0
    }

    /// What came into the mailbox after that number, the oldest first; nil when some of it may have gone.
    static func changes(
        after sequence: Int64, in mailbox: MailboxName, limit: Int, _ rows: any RowReader
    ) throws -> [Numbered]? {
        guard try sequence <= head(rows), try isWhole(after: sequence, mailbox, rows) else {
            return nil
        }
        return try rows.rows(
            Statement(
                """
                SELECT sequence, body FROM task_changes WHERE mailbox = ? AND sequence > ?
                ORDER BY sequence LIMIT ?
                """, [.text(mailbox.text), .integer(sequence), .integer(Int64(limit))]),
            limit: limit
        ).map { row in
            Numbered(
                sequence: try row.integer("sequence"),
                change: try Tasks.TaskChange(decoding: row.blob("body")))
        }
    }

    /// A mailbox that was never full has lost nothing.
    private static func isWhole(
        after sequence: Int64, _ mailbox: MailboxName, _ rows: any RowReader
    ) throws -> Bool {
        let oldest = try rows.row(
            Statement(
                """
                SELECT sequence FROM task_changes WHERE mailbox = ?
                ORDER BY sequence DESC LIMIT 1 OFFSET ?
                """, [.text(mailbox.text), .integer(Int64(mostOfMailbox - 1))]))
        guard let oldest else { return true }
        return try oldest.integer("sequence") <= sequence + 1
    }

    // MARK: writes

    /// Puts changes into their mailboxes, numbered from behind the head.
    static func add(_ changes: [Tasks.TaskChange], behind head: Int64) -> [Statement] {
        var writes: [Statement] = []
        var sequence = head
        for change in changes {
            guard let desk = change.desk else { continue }
            sequence += 1
            for mailbox in MailboxName.all(for: desk) {
                writes += [
                    Statement(
                        "INSERT INTO task_changes (mailbox, sequence, body) VALUES (?, ?, ?)",
                        [
                            .text(mailbox.text), .integer(sequence),
                            // What came in packed can be packed.
                            .blob((try? change.encodedBytes()) ?? []),
                        ]), trim(mailbox),
                ]
            }
        }
        guard sequence > head else { return [] }
        return writes + [
            Statement(
                "UPDATE task_change_head SET sequence = ? WHERE only = 1 AND sequence = ?",
                [.integer(sequence), .integer(head)], expectedChanges: 1)
        ]
    }

    private static func trim(_ mailbox: MailboxName) -> Statement {
        Statement(
            """
            DELETE FROM task_changes WHERE mailbox = ? AND sequence < (
                SELECT kept.sequence FROM task_changes AS kept WHERE kept.mailbox = ?
                ORDER BY kept.sequence DESC LIMIT 1 OFFSET ?)
            """,
            [.text(mailbox.text), .text(mailbox.text), .integer(Int64(mostOfMailbox - 1))])
    }
}
