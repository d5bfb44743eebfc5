import Domain
import MessageCoding
import Messages
import Storage

/// A submission or a decision: one event of a declaration that somebody asked for.
///
/// It takes effect at once, or, when another service has to agree first, waits for that service's
/// durable answer: a submission for the archive's pins, an approval with an occupied post for quota's
/// reservation. Both go the same way, T1 → the other's answer → T2 (design/reliability.md).
struct StoredStep: Sendable, Hashable {
    /// 32 hexadecimal digits: also the decision's and the reservation's id, and the message's to the other service.
    let id: String
    let declarationID: String
    let round: Int64
    /// What was decided; nil for a submission.
    let outcome: Common.Outcome?
    let opinion: String
    let actorID: String
    let actorName: String
    /// What it came to, done or refused; nil while it waits.
    var reply: Tasks.DecideReply?

    enum State: Int64 {
        case waiting = 1
        case done = 2
        case refused = 3
    }

    var state: State {
        switch reply?.state {
        case nil: .waiting
        case .done: .done
        default: .refused
        }
    }
}

/// The SQL of steps: rows in, statements out.
enum StepStore {
    static func step(_ id: String, _ rows: any RowReader) throws -> StoredStep? {
        try rows.row(
            Statement(
                """
                SELECT id, declaration_id, round, outcome, opinion, actor_id, actor_name, reply
                FROM steps WHERE id = ?
                """, [.text(id)])
        ).map { row in
            let outcome = Int32(try row.integer("outcome"))
            return StoredStep(
                id: try row.text("id"), declarationID: try row.text("declaration_id"),
                round: try row.integer("round"),
                outcome: outcome == 0 ? nil : Common.Outcome(rawValue: outcome),
                opinion: try row.text("opinion"), actorID: try row.text("actor_id"),
                actorName: try row.text("actor_name"),
                reply: try row.optionalBlob("reply").map(Tasks.DecideReply.init(decoding:)))
        }
    }

    static func insert(_ step: StoredStep, at now: Timestamp) -> Statement {
        Statement(
            """
            INSERT INTO steps (id, declaration_id, round, kind, state, outcome, opinion, actor_id,
                actor_name, reply, created_ms, finished_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(step.id), .text(step.declarationID), .integer(step.round),
                .integer(step.outcome == nil ? 1 : 2), .integer(step.state.rawValue),
                .integer(Int64(step.outcome?.rawValue ?? 0)), .text(step.opinion),
                .text(step.actorID), .text(step.actorName),
                step.reply.map { .message($0) } ?? .null, .integer(now.milliseconds),
                step.reply == nil ? .null : .integer(now.milliseconds),
            ])
    }

    /// A step that waited gets its reply, once.
    static func finish(_ step: StoredStep, at now: Timestamp) -> Statement {
        Statement(
            "UPDATE steps SET state = ?, reply = ?, finished_ms = ? WHERE id = ? AND state = 1",
            [
                .integer(step.state.rawValue), step.reply.map { .message($0) } ?? .null,
                .integer(now.milliseconds), .text(step.id),
            ], expectedChanges: 1)
    }
}
