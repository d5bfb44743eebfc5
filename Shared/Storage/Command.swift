package import Domain

/// A change of the database: rows read, a pure decision, what to write.
///
/// A command is a value. `read` and `decide` run on the writer's thread within the transaction;
/// they may be run again, so neither has an effect of its own.
package protocol Command: Sendable {
    associatedtype Facts
    associatedtype Reply: StorableReply

    /// Reads what the decision needs, in the transaction that writes. A `Refusal` thrown here
    /// counts as the decision's.
    func read(_ rows: any RowReader) throws -> Facts

    /// The decision: pure, no clock, no randomness, no I/O. `now` is the same for all commands of a
    /// group.
    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Reply>
}

/// A reply that can be kept under an idempotency key and given again.
package protocol StorableReply: Sendable {
    func storedBytes() throws -> [UInt8]
    init(storedBytes: [UInt8]) throws
}

/// What a decision wants done: all of it in one transaction, or nothing.
package struct Plan<Reply> {
    /// In this order. At most `PlanLimits.writes`.
    package var writes: [Statement]
    /// At most `PlanLimits.messages`.
    package var messages: [OutboxMessage]
    /// At most `PlanLimits.audit`.
    package var audit: [AuditEntry]
    package var reply: Reply

    package init(
        writes: [Statement] = [], messages: [OutboxMessage] = [], audit: [AuditEntry] = [],
        reply: Reply
    ) {
        self.writes = writes
        self.messages = messages
        self.audit = audit
        self.reply = reply
    }
}

/// The most that one plan may hold; more is refused with `StorageError.Code.argument`.
package enum PlanLimits {
    package static let writes = 10_000
    package static let messages = 1_000
    package static let audit = 1_000
    /// Bytes of a message's payload.
    package static let payloadBytes = 4 << 20
    /// Bytes of a reply or a refusal that is kept.
    package static let outcomeBytes = 5 << 20
    /// Bytes of an audit entry, names and values together.
    package static let auditBytes = 64 << 10
    /// Bytes of a lane, destination, kind, principal, method or source.
    package static let nameBytes = 512
    /// Bytes of an idempotency key, a message's id or a hash.
    package static let keyBytes = 64
}

/// A decision's no. It left no effect, and it is the answer for its idempotency key as a reply is.
package struct Refusal: Error, Sendable, Hashable {
    /// A gRPC status code: 3 invalid, 5 not found, 6 exists, 7 denied, 9 precondition, 10 conflict.
    package var code: UInt32
    /// For a person.
    package var message: String
    package var details: [RefusalDetail]

    package init(code: UInt32, message: String, details: [RefusalDetail] = []) {
        self.code = code
        self.message = message
        self.details = details
    }
}

extension Refusal {
    /// A write met another number of rows than it expected. Code 10.
    static let changedMeanwhile = Refusal(code: 10, message: "数据已被他人更新，请刷新后重试")

    /// The key stands for another request. Code 9; never kept.
    static let otherRequest = Refusal(
        code: 9, message: "幂等键已用于另一请求 (key used for another request)")
}

/// A typed detail of a refusal.
package struct RefusalDetail: Sendable, Hashable {
    /// The full name of the message that `value` holds.
    package var type: String
    package var value: [UInt8]

    package init(type: String, value: [UInt8]) {
        self.type = type
        self.value = value
    }
}

/// A message to another service, sent after the commit until its receiver answered.
package struct OutboxMessage: Sendable, Hashable {
    /// Messages of a lane are delivered in their order, one at a time.
    package var lane: String
    /// Who delivers it.
    package var destination: String
    /// What it is, for the one who delivers.
    package var kind: String
    /// The receiver's idempotency key: 16 bytes as a rule, unique in the outbox.
    package var id: [UInt8]
    package var payload: [UInt8]

    /// How long an answered message is kept: 30 days.
    static let keptMilliseconds: Int64 = 30 * 86_400_000

    package init(
        lane: String, destination: String, kind: String, id: [UInt8], payload: [UInt8]
    ) {
        self.lane = lane
        self.destination = destination
        self.kind = kind
        self.id = id
        self.payload = payload
    }
}

/// One state change for the audit chain. No personal data in clear: ids and salted hashes.
package struct AuditEntry: Sendable {
    /// Who: "person:…", "service:…".
    package var actor: String
    /// What was done: "quota.record.submit".
    package var action: String
    /// To what: "record:…".
    package var object: String
    /// Named facts before the change; empty for something new.
    package var before: [(String, String)]
    /// Named facts after the change; empty for something removed.
    package var after: [(String, String)]

    package init(
        actor: String, action: String, object: String, before: [(String, String)] = [],
        after: [(String, String)] = []
    ) {
        self.actor = actor
        self.action = action
        self.object = object
        self.before = before
        self.after = after
    }
}

/// Makes a command happen once: a repeat gets the kept answer, the same key with another hash is
/// refused with code 9.
package enum Once: Sendable, Hashable {
    /// A client's request. The key is kept for at least 7 days, or for ever.
    case request(
        principal: String, method: String, key: [UInt8], hash: [UInt8], keepForever: Bool)
    /// A message of another service's outbox. Its id is kept for at least half a year, unless it was refused with code 10:
    /// then it comes again.
    case message(source: String, id: [UInt8], hash: [UInt8])
}
