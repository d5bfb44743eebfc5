import Crypto
package import Domain

/// Where the audit chain stands: its last entry. Heads saved outside the service prove later that
/// nothing before them was changed.
package struct AuditHead: Sendable, Hashable {
    /// The number of the last entry; 0 for none.
    package let sequence: Int64
    /// SHA-256 of the last entry and all before it; 32 zero bytes for none.
    package let hash: [UInt8]

    package init(sequence: Int64, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }

    /// The head of an empty chain.
    package static let empty = AuditHead(sequence: 0, hash: [UInt8](repeating: 0, count: 32))
}

/// An audit entry as it is stored.
package struct StoredAuditEntry: Sendable {
    /// 1, 2, 3 … without a gap.
    package let sequence: Int64
    package let at: Timestamp
    package let entry: AuditEntry
    package let hash: [UInt8]
}

/// A row of the chain in the bytes that are hashed.
struct AuditRow {
    let sequence: Int64
    let at: Int64
    let actor: String
    let action: String
    let object: String
    let before: [UInt8]
    let after: [UInt8]
    let previousHash: [UInt8]

    static let columns =
        "sequence, at, actor, action, object, before, after, previous_hash, hash"

    /// The row that continues the chain.
    init(_ entry: AuditEntry, after head: AuditHead, at now: Timestamp) {
        sequence = head.sequence + 1
        at = now.milliseconds
        actor = entry.actor
        action = entry.action
        object = entry.object
        before = Self.encoded(entry.before)
        after = Self.encoded(entry.after)
        previousHash = head.hash
    }

    /// A row as it stands in the table.
    init(_ row: Row) throws(StorageError) {
        sequence = try row.integer("sequence")
        at = try row.integer("at")
        actor = try row.text("actor")
        action = try row.text("action")
        object = try row.text("object")
        before = try row.blob("before")
        after = try row.blob("after")
        previousHash = try row.blob("previous_hash")
    }

    /// SHA-256 over the hash before and every column.
    var hash: [UInt8] {
        var encoding = CanonicalEncoding()
        encoding.append("zhicheng.audit.1")
        encoding.append(previousHash)
        encoding.append(sequence)
        encoding.append(at)
        encoding.append(actor)
        encoding.append(action)
        encoding.append(object)
        encoding.append(before)
        encoding.append(after)
        return Array(SHA256.hash(data: encoding.bytes))
    }

    var byteCount: Int {
        actor.utf8.count + action.utf8.count + object.utf8.count + before.count + after.count
    }

    /// The arguments of the INSERT, in the order of `columns`.
    func arguments(hash: [UInt8]) -> [Value] {
        [
            .integer(sequence), .integer(at), .text(actor), .text(action), .text(object),
            .blob(before), .blob(after), .blob(previousHash), .blob(hash),
        ]
    }

    /// The entry as it was given.
    func entry() throws(StorageError) -> AuditEntry {
        AuditEntry(
            actor: actor, action: action, object: object, before: try Self.decoded(before),
            after: try Self.decoded(after))
    }

    private static func encoded(_ pairs: [(String, String)]) -> [UInt8] {
        var encoding = CanonicalEncoding()
        encoding.append(pairs)
        return encoding.bytes
    }

    private static func decoded(_ bytes: [UInt8]) throws(StorageError) -> [(String, String)] {
        var decoding = CanonicalDecoding(bytes)
        let pairs = try decoding.pairs()
        try decoding.finish()
        return pairs
    }
}

/// What the one writer numbers: changed while a group runs, kept when it is committed.
struct Heads {
    var audit: AuditHead
    var outboxSequence: Int64

    /// Where a database stands.
    init(_ connection: Connection) throws(StorageError) {
        audit = try Self.auditHead(connection)
        outboxSequence =
            try connection.row("SELECT coalesce(max(sequence), 0) AS last FROM outbox")?
            .integer("last") ?? 0
    }

    /// The head that was written with the last entry. It has to be that entry's: a chain that lost
    /// its end is not continued.
    private static func auditHead(_ connection: Connection) throws(StorageError) -> AuditHead {
        guard let row = try connection.row("SELECT sequence, hash FROM audit_head") else {
            throw StorageError(.damaged, "the audit chain has no head")
        }
        let head = AuditHead(sequence: try row.integer("sequence"), hash: try row.blob("hash"))
        let last = try connection.row(
            "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
        let stored =
            try last.map { row throws(StorageError) in
                AuditHead(sequence: try row.integer("sequence"), hash: try row.blob("hash"))
            } ?? .empty
        guard stored == head else {
            throw StorageError(
                .damaged,
                "the audit chain ends at entry \(stored.sequence), its head says \(head.sequence)")
        }
        return head
    }
}
