import CSQLite

/// What a check of a whole database found.
package struct DatabaseReport: Sendable {
    /// One line per fault; empty for a sound database. Names tables and numbers, no values.
    package let faults: [String]
    /// The number of the last applied migration.
    package let migrationVersion: Int
    /// Where the audit chain ends, as far as it holds.
    package let auditHead: AuditHead
}

/// Looks at everything that is stored. The connection is in one read transaction.
struct Verification {
    /// The most faults of a kind that are told.
    private static let faultLimit = 100
    let connection: Connection

    /// - Parameter savedHeads: heads of the audit chain that were kept outside the database.
    func report(savedHeads: [AuditHead] = []) throws(StorageError) -> DatabaseReport {
        var faults = try found { () throws(StorageError) in try integrity() }
        faults += try found { () throws(StorageError) in try foreignKeys() }
        var chain = AuditWalk()
        faults += try found { () throws(StorageError) in
            try chain.follow(connection, savedHeads: savedHeads)
        }
        var version = -1
        faults += try found { () throws(StorageError) in
            let row = try connection.row("SELECT max(number) AS newest FROM migrations")
            version = Int(clamping: try row?.optionalInteger("newest") ?? -1)
            return version < 0 ? ["the database has no list of migrations"] : []
        }
        return DatabaseReport(faults: faults, migrationVersion: version, auditHead: chain.head)
    }

    /// Damage that keeps a check from its end is a fault too; anything else ends the checking.
    private func found(
        _ check: () throws(StorageError) -> [String]
    ) throws(StorageError) -> [String] {
        do {
            return try check()
        } catch {
            let isDamage =
                error.isCorruption
                || [.damaged, .typeMismatch, .noSuchColumn, .statement].contains(error.code)
            guard isDamage else { throw error }
            return [error.description]
        }
    }

    private func integrity() throws(StorageError) -> [String] {
        let statement = try connection.prepareOnce("PRAGMA integrity_check(\(Self.faultLimit))")
        var lines: [String] = []
        for row in try connection.rows(statement, [], limit: Self.faultLimit) {
            if case .text(let line) = row[0], line != "ok" { lines.append(line) }
        }
        return lines
    }

    /// `integrity_check` does not look at these.
    private func foreignKeys() throws(StorageError) -> [String] {
        let statement = try connection.prepareOnce("PRAGMA foreign_key_check")
        var lines: [String] = []
        for row in try connection.rows(statement, [], limit: Self.faultLimit) {
            let (table, parent) = (try row.text("table"), try row.text("parent"))
            let line = "a row of \(table) refers to a missing row of \(parent)"
            if !lines.contains(line) { lines.append(line) }
        }
        return lines
    }
}

/// Goes along the audit chain from its beginning.
private struct AuditWalk {
    /// Entries that are held at once.
    private static let pageLength = 1_000

    /// The last entry that holds.
    private(set) var head = AuditHead.empty

    /// Hashes every entry again from its raw columns, and compares the chain's end with its head
    /// and with heads saved outside. Ends at the first fault: all that follows depends on it.
    mutating func follow(
        _ connection: Connection, savedHeads: [AuditHead]
    ) throws(StorageError) -> [String] {
        let statement = try connection.prepareOnce(
            "SELECT \(AuditRow.columns) FROM audit WHERE sequence >= ? ORDER BY sequence LIMIT ?")
        var missing = Dictionary(savedHeads.map { ($0.sequence, $0) }) { first, _ in first }
        var from = Int64.min
        while true {
            let rows = try connection.rows(
                statement, [.integer(from), .integer(Int64(Self.pageLength))],
                limit: Self.pageLength)
            for row in rows {
                if let fault = try take(row) { return [fault] }
                if let saved = missing.removeValue(forKey: head.sequence), saved != head {
                    return ["audit entry \(head.sequence) is not the one of the saved head"]
                }
            }
            guard rows.count == Self.pageLength else { break }
            from = head.sequence + 1
        }
        missing[0] = nil
        if let last = missing.keys.max() {
            return ["the audit chain ends at entry \(head.sequence), a saved head is at \(last)"]
        }
        let row = try connection.row("SELECT sequence, hash FROM audit_head")
        guard let row,
            AuditHead(sequence: try row.integer("sequence"), hash: try row.blob("hash")) == head
        else {
            return ["the audit chain ends at entry \(head.sequence), its head says otherwise"]
        }
        return []
    }

    /// Takes one entry into the chain, or says why it does not continue it.
    private mutating func take(_ row: Row) throws(StorageError) -> String? {
        let entry = try AuditRow(row)
        guard entry.sequence == head.sequence + 1 else {
            return "audit entry \(entry.sequence) follows entry \(head.sequence)"
        }
        guard entry.previousHash == head.hash else {
            return "audit entry \(entry.sequence) does not continue the one before it"
        }
        let hash = entry.hash
        guard try row.blob("hash") == hash else {
            return "audit entry \(entry.sequence) is not what was written"
        }
        head = AuditHead(sequence: entry.sequence, hash: hash)
        return nil
    }
}
