import Domain

extension Database {
    /// Where the audit chain stands. Saved outside, it proves later that nothing before it changed.
    /// - Throws: what ``read(_:)`` throws.
    package func auditHead() throws -> AuditHead {
        try read { rows in
            guard let row = try rows.row(Statement("SELECT sequence, hash FROM audit_head")) else {
                throw StorageError(.damaged, "the audit chain has no head")
            }
            return AuditHead(sequence: try row.integer("sequence"), hash: try row.blob("hash"))
        }
    }

    /// Audit entries in their order, from the one after `sequence` on.
    /// - Throws: what ``read(_:)`` throws; `damaged` when an entry cannot be decoded.
    package func auditEntries(after sequence: Int64, limit: Int) throws -> [StoredAuditEntry] {
        try read { rows in
            try rows.rows(
                Statement(
                    """
                    SELECT \(AuditRow.columns) FROM audit WHERE sequence > ?
                    ORDER BY sequence LIMIT ?
                    """, [.integer(sequence), .integer(Int64(limit))]), limit: limit
            ).map { row in
                let stored = try AuditRow(row)
                return StoredAuditEntry(
                    sequence: stored.sequence, at: Timestamp(milliseconds: stored.at),
                    entry: try stored.entry(), hash: try row.blob("hash"))
            }
        }
    }
}
