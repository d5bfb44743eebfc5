import Domain
import Messages
import ServiceRuntime
import Storage

/// What one command does to a declaration: its state changes one by one, with all that goes with each.
///
/// Kept here, so that no rule has to remember it: versions step by one; the unit's counts follow the row;
/// each change has its audit entry; a vacancy that the declaration does not hold any more is released; the
/// pins of a round that another one replaced, or that is over, are given back (decisions 6 and 13); whom it
/// concerns is told (E5).
struct Changes {
    private(set) var declaration: StoredDeclaration
    private let original: StoredDeclaration
    /// Of the last change, "person:…".
    private var actor = ""
    /// Whom another service refused something, and why.
    private var refusal: (person: String, message: String)?
    private var writes: [Statement] = []
    private var messages: [OutboxMessage] = []
    private var audit: [AuditEntry] = []
    private let ids: CommandIDs

    init(of declaration: StoredDeclaration, ids: CommandIDs) {
        self.declaration = declaration
        original = declaration
        self.ids = ids
    }

    /// The next version.
    /// - Parameters:
    ///   - action: in the audit: "declaration.claim".
    ///   - actor: in the audit: "person:…".
    mutating func apply(
        _ action: String, by actor: String, _ change: (inout StoredDeclaration) -> Void
    ) {
        let before = declaration
        self.actor = actor
        change(&declaration)
        declaration.version = before.version + 1
        if !declaration.phase.mayHoldVacancy { declaration.reservation = nil }
        writes.append(DeclarationStore.update(declaration))
        writes += DeskCounts.change(from: before, to: declaration)
        giveBack(before)
        audit.append(
            AuditEntry(
                actor: actor, action: action, object: "declaration:\(before.id)",
                before: before.audited, after: declaration.audited))
    }

    /// Asks the other services to forget what the declaration held before and holds no more; a vacancy of one
    /// that passed is used for good.
    private mutating func giveBack(_ before: StoredDeclaration) {
        if let old = before.reservation, old != declaration.reservation {
            messages.append(Errand.release(old, of: before.id, id: ids.quotaMessage))
        }
        if let held = declaration.reservation, declaration.phase == .passed, before.phase != .passed
        {
            messages.append(Errand.consume(held, of: before.id, id: ids.quotaMessage))
        }
        let isOver = declaration.phase.isFinal && !before.phase.isFinal
        if before.acceptedRound > 0, isOver || before.acceptedRound != declaration.acceptedRound {
            messages.append(
                Errand.unpin(before.id, round: before.acceptedRound, id: ids.archiveMessage))
        }
    }

    mutating func write(_ statements: [Statement]) { writes += statements }

    mutating func record(_ entry: AuditEntry) { audit.append(entry) }

    mutating func send(_ message: OutboxMessage) { messages.append(message) }

    /// Another service refused what the person asked for; they are told.
    mutating func tellRefusal(_ message: String, to person: String) {
        refusal = (person, message)
    }

    /// One step of the flow (流程), at the declaration's present node.
    mutating func note(
        _ action: String, node: String, actor: (id: String, name: String), opinion: String,
        at now: Timestamp
    ) {
        writes.append(
            DeclarationStore.append(
                Common.FlowStep(
                    node: node, action: action, actorName: actor.name, opinion: opinion,
                    atMs: now.milliseconds), actor: actor.id, to: declaration.id))
    }

    func plan<Reply>(_ reply: Reply) -> Plan<Reply> {
        Plan(
            writes: writes, messages: messages + [announcement?.message].compactMap(\.self),
            audit: audit, reply: reply)
    }

    private var announcement: Announcement? {
        if let refusal {
            return .refused(
                declaration, to: refusal.person, because: refusal.message, since: original)
        }
        let person = actor.hasPrefix("person:") ? String(actor.dropFirst("person:".count)) : ""
        return .of(declaration, since: original, by: person)
    }
}

extension StoredDeclaration {
    /// For the audit: nothing here is personal.
    var audited: [(String, String)] {
        [
            ("state", "\(phase)"), ("version", String(version)), ("round", String(round)),
            ("unit", unit.id), ("plan", plan.id), ("claim", claim?.officerID ?? ""),
            ("waiting", waitingStep ?? ""), ("notice_until", noticeUntil),
            ("reservation", reservation?.id ?? ""),
        ]
    }
}
