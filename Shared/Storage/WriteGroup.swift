import CSQLite
import Domain

/// What ends a whole group.
enum GroupFailure: Error {
    /// Nothing of the group is stored: everybody may repeat.
    case notApplied(StorageError)
    /// The process has to end.
    case fatal(StorageError)
}

/// The transaction in which the writer runs a group of commands, each within a savepoint of its
/// own. Lives on the writer's thread.
final class WriteGroup {
    let connection: Connection
    private(set) var heads: Heads
    /// The time of all commands of this group.
    private(set) var now: Timestamp
    /// Whether a command of this group wrote to the outbox.
    private(set) var hasMessages = false
    private var committedHeads: Heads
    /// When what was kept for its time is looked for again, in milliseconds of the injected clock.
    private var nextForgettingMilliseconds: Int64 = .min

    init(_ connection: Connection, heads: Heads, now: Timestamp) {
        self.connection = connection
        self.heads = heads
        self.now = now
        committedHeads = heads
    }

    // MARK: the group

    /// Opens the transaction.
    func begin(at now: Timestamp) throws(GroupFailure) {
        self.now = now
        hasMessages = false
        heads = committedHeads
        connection.forgetFailures()
        try whole { () throws(StorageError) in try connection.run("BEGIN IMMEDIATE") }
        if now.milliseconds >= nextForgettingMilliseconds { try forgetOld() }
    }

    /// What was kept for its time goes, once an hour and some at a time, so that no group has to wait
    /// for many: idempotency keys, answered messages of the outbox, and what the inbox knows of others'.
    private func forgetOld() throws(GroupFailure) {
        let most: Int64 = 500
        try whole { () throws(StorageError) in
            try connection.run(
                """
                DELETE FROM idempotency WHERE (principal, method, key) IN (
                    SELECT principal, method, key FROM idempotency
                    WHERE keep = 0 AND created < ? ORDER BY created LIMIT ?)
                """,
                [.integer(now.milliseconds - Once.keptMilliseconds), .integer(most)])
        }
        var isMore = connection.changes == most
        // Only the oldest are looked at. The newest stays: the numbers go on from it.
        try whole { () throws(StorageError) in
            try connection.run(
                """
                DELETE FROM outbox WHERE acknowledged < ?
                    AND sequence IN (SELECT sequence FROM outbox ORDER BY sequence LIMIT ?)
                    AND sequence < (SELECT max(sequence) FROM outbox)
                """,
                [
                    .integer(now.milliseconds - OutboxMessage.keptMilliseconds), .integer(most),
                ])
        }
        isMore = isMore || connection.changes == most
        // Rows have their numbers in the order in which they came.
        try whole { () throws(StorageError) in
            try connection.run(
                """
                DELETE FROM inbox WHERE received < ?
                    AND rowid IN (SELECT rowid FROM inbox ORDER BY rowid LIMIT ?)
                """,
                [.integer(now.milliseconds - Once.messageKeptMilliseconds), .integer(most)])
        }
        isMore = isMore || connection.changes == most
        if !isMore { nextForgettingMilliseconds = now.milliseconds + 3_600_000 }
    }

    /// Ends it. After this the outcomes may be told.
    func commit() throws(GroupFailure) {
        try checkTransaction()
        if heads.audit != committedHeads.audit {
            try whole { () throws(StorageError) in
                try connection.run(
                    "UPDATE audit_head SET sequence = ?, hash = ? WHERE only = 1",
                    [.integer(heads.audit.sequence), .blob(heads.audit.hash)])
            }
            try checkTransaction()
        }
        do {
            try connection.run("COMMIT")
        } catch {
            // A full disk is definite, anything else leaves open what is stored.
            guard (error.resultCode ?? 0) & 0xff == SQLITE_FULL else { throw .fatal(error) }
            throw .notApplied(.notApplied(.diskFull))
        }
        committedHeads = heads
    }

    /// Undoes what is left of the transaction.
    func rollBack() throws(GroupFailure) {
        heads = committedHeads
        guard connection.isInTransaction else { return }
        do {
            try connection.run("ROLLBACK")
        } catch {
            if connection.isInTransaction { throw .fatal(error) }
        }
    }

    /// SQLite may have ended the transaction after an error; the next statement would then commit
    /// alone.
    private func checkTransaction() throws(GroupFailure) {
        if let failure = connection.severeFailure, failure.severity == .process {
            throw .fatal(failure)
        }
        guard connection.isInTransaction else {
            throw .notApplied(Self.whole(connection.severeFailure))
        }
        if let failure = connection.severeFailure { throw .notApplied(Self.whole(failure)) }
    }

    private func whole(_ body: () throws(StorageError) -> Void) throws(GroupFailure) {
        do {
            try body()
        } catch {
            throw error.severity == .process ? .fatal(error) : .notApplied(Self.whole(error))
        }
    }

    /// What everybody of an undone group is told.
    private static func whole(_ cause: StorageError?) -> StorageError {
        if let cause, cause.isNotApplied { return cause }
        return .notApplied(.rolledBack)
    }

    // MARK: one command

    /// Runs a command within a savepoint: its outcome is in the transaction, or nothing of it is.
    func outcome<C: Command>(
        of command: C, once: Once?
    ) throws(GroupFailure) -> Result<C.Reply, any Error> {
        try checkTransaction()
        if let once {
            do {
                if let kept = try kept(once) { return try replay(kept, as: C.self) }
            } catch {
                try checkTransaction()
                return .failure(error)
            }
        }
        let headsBefore = heads
        let hadMessages = hasMessages
        try whole { () throws(StorageError) in try connection.run("SAVEPOINT command") }
        let reply: C.Reply
        do {
            reply = try apply(command, once)
        } catch {
            if let failure = error as? GroupFailure { throw failure }
            try checkTransaction()
            heads = headsBefore
            hasMessages = hadMessages
            return .failure(try undo(error, once))
        }
        try whole { () throws(StorageError) in try connection.run("RELEASE command") }
        return .success(reply)
    }

    /// Undoes a command's writes; a refusal stays under its key, where it is final.
    private func undo(_ error: any Error, _ once: Once?) throws(GroupFailure) -> any Error {
        try whole { () throws(StorageError) in try connection.run("ROLLBACK TO command") }
        try checkTransaction()
        var told = error
        if let refusal = error as? Refusal, let once, once.keeps(refusal) {
            do {
                try keep(.refusal(refusal), once)
            } catch {
                try checkTransaction()
                told = error
            }
        }
        try whole { () throws(StorageError) in try connection.run("RELEASE command") }
        return told
    }

    private func apply<C: Command>(_ command: C, _ once: Once?) throws -> C.Reply {
        let reader = Reader(connection)
        let facts: C.Facts
        do {
            defer { reader.end() }
            facts = try command.read(reader)
        }
        // A command may have swallowed an error that ended the transaction.
        try checkTransaction()
        let plan = try command.decide(facts, at: now)
        try check(plan)
        for write in plan.writes { try self.write(write) }
        for message in plan.messages { try send(message) }
        for entry in plan.audit { try append(entry) }
        if connection.owesForeignKeys {
            throw StorageError(.constraint, "a row refers to a missing one")
        }
        if let once { try keep(.reply(try plan.reply.storedBytes()), once) }
        return plan.reply
    }

    private func check<Reply>(_ plan: Plan<Reply>) throws(StorageError) {
        for (what, count, most) in [
            ("writes", plan.writes.count, PlanLimits.writes),
            ("messages", plan.messages.count, PlanLimits.messages),
            ("audit entries", plan.audit.count, PlanLimits.audit),
        ] where count > most {
            throw StorageError(.argument, "a plan with \(count) \(what), at most \(most)")
        }
    }

    private func write(_ statement: Statement) throws {
        let prepared = try connection.prepared(statement.sql)
        guard !prepared.isReadOnly,
            SQLKeyword.writes.contains(SQLKeyword.first(of: statement.sql))
        else {
            throw StorageError(.statement, "a write is an INSERT, UPDATE or DELETE")
        }
        _ = try connection.rows(prepared, statement.arguments, limit: 0)
        if let expected = statement.expectedChanges, connection.changes != Int64(expected) {
            throw Refusal.changedMeanwhile
        }
    }

    private func send(_ message: OutboxMessage) throws(StorageError) {
        let longest = max(
            message.lane.utf8.count, message.destination.utf8.count, message.kind.utf8.count)
        guard longest <= PlanLimits.nameBytes, (1...PlanLimits.keyBytes).contains(message.id.count),
            message.payload.count <= PlanLimits.payloadBytes
        else {
            throw StorageError(
                .argument,
                """
                an outbox message with a payload of \(message.payload.count) bytes, an id of \
                \(message.id.count) and a name of \(longest); at most \(PlanLimits.payloadBytes), \
                \(PlanLimits.keyBytes) and \(PlanLimits.nameBytes)
                """)
        }
        try connection.run(
            """
            INSERT INTO outbox (sequence, id, lane, destination, kind, payload, created)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(heads.outboxSequence + 1), .blob(message.id), .text(message.lane),
                .text(message.destination), .text(message.kind), .blob(message.payload),
                .integer(now.milliseconds),
            ])
        heads.outboxSequence += 1
        hasMessages = true
    }

    private func append(_ entry: AuditEntry) throws(StorageError) {
        let row = AuditRow(entry, after: heads.audit, at: now)
        guard row.byteCount <= PlanLimits.auditBytes else {
            throw StorageError(
                .argument,
                "an audit entry of \(row.byteCount) bytes, at most \(PlanLimits.auditBytes)")
        }
        let hash = row.hash
        try connection.run(
            "INSERT INTO audit (\(AuditRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row.arguments(hash: hash))
        heads.audit = AuditHead(sequence: row.sequence, hash: hash)
    }

    // MARK: once

    /// What is kept under the key; nil when nothing is. Another request's key is a refusal that is
    /// not kept.
    private func kept(_ once: Once) throws -> Outcome? {
        try once.validate()
        let (sql, arguments) = once.lookUp
        guard let row = try connection.row(sql, arguments) else { return nil }
        guard try row.blob("hash") == once.hash else { throw Refusal.otherRequest }
        return try Outcome(storedBytes: try row.blob("outcome"))
    }

    private func replay<C: Command>(
        _ kept: Outcome, as: C.Type
    ) throws -> Result<C.Reply, any Error> {
        switch kept {
        case .reply(let bytes): .success(try C.Reply(storedBytes: bytes))
        case .refusal(let refusal): .failure(refusal)
        }
    }

    private func keep(_ outcome: Outcome, _ once: Once) throws(StorageError) {
        let bytes = outcome.storedBytes
        guard bytes.count <= PlanLimits.outcomeBytes else {
            throw StorageError(
                .argument,
                "an outcome of \(bytes.count) bytes to keep, at most \(PlanLimits.outcomeBytes)")
        }
        let (sql, arguments) = once.keep(bytes, at: now.milliseconds)
        try connection.run(sql, arguments)
    }
}

/// The rows of one transaction, lent to a read.
final class Reader: RowReader {
    /// Nil once the read is over.
    private var connection: Connection?

    init(_ connection: Connection) {
        self.connection = connection
    }

    func end() { connection = nil }

    func rows(_ statement: Statement, limit: Int) throws(StorageError) -> [Row] {
        guard let connection else {
            preconditionFailure("a RowReader is used after its read returned")
        }
        precondition(limit >= 0, "a limit of rows is not negative")
        let prepared = try connection.prepared(statement.sql)
        guard prepared.isReadOnly, SQLKeyword.reads.contains(SQLKeyword.first(of: statement.sql))
        else {
            throw StorageError(.statement, "a read is a SELECT")
        }
        guard limit > 0 else { return [] }
        // A read of many short statements is as long as one of a long one.
        if connection.isPastDeadline { throw .notApplied(.interrupted) }
        return try connection.rows(prepared, statement.arguments, limit: limit)
    }

    func row(_ statement: Statement) throws(StorageError) -> Row? {
        try rows(statement, limit: 1).first
    }
}
