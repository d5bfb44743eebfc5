package import Domain
import MessageCoding
package import Messages
package import RPC
package import Storage

// 批量审核 (A5): what every `TaskSource` needs of a batch.

extension Tasks.DecideBatchReply: StorableReply {}

extension Tasks.DecideBatchRequest {
    /// The most tasks of a batch.
    package static let mostTasks = 200

    /// One request for each task, in their order.
    /// - Throws: `invalidArgument` that names every fault of the batch itself; the faults of a task are its row's.
    package func checked() throws(RPCError) -> [Tasks.DecideRequest] {
        var check = FormCheck()
        _ = check.opinion(of: Tasks.DecideRequest(outcome: outcome, opinion: opinion))
        if ![.approved, .returned, .terminated].contains(outcome) {
            check.fault("outcome", "审核结果", "请选择通过、退回或终止")
        }
        if !(1...Self.mostTasks).contains(tasks.count) {
            check.fault("tasks", "任务", "每次 1 至 \(Self.mostTasks) 个任务，选择了 \(tasks.count) 个")
        } else if Set(tasks.map(\.taskID)).count < tasks.count {
            check.fault("tasks", "任务", "同一任务不能选择两次")
        }
        guard check.faults.isEmpty else {
            throw RPCError(serviceError: Refusal.invalid(check.faults))
        }
        return tasks.map {
            Tasks.DecideRequest(
                taskID: $0.taskID, expectedVersion: $0.expectedVersion, outcome: outcome,
                opinion: opinion)
        }
    }

    /// The answer of a source whose tasks are decided one by one.
    /// - Throws: as ``checked()``.
    package func refused(_ message: String) throws(RPCError) -> Tasks.DecideBatchReply {
        Tasks.DecideBatchReply(
            rows: try checked().map {
                Tasks.BatchRow(taskID: $0.taskID, state: .refused, message: message)
            })
    }
}

/// Several decisions in one transaction. A refused one is its row's result and leaves the others alone.
///
/// Each is decided on what was there before the batch, so no two of them may be about the same object: one
/// round of an object is open at a time.
package struct DecideBatch<Decide: Command>: Command where Decide.Reply == Tasks.DecideReply {
    private let rows: [(taskID: String, command: Decide)]

    /// - Parameter command: makes the decision of one task.
    /// - Throws: as `DecideBatchRequest.checked`.
    package init(
        _ request: Tasks.DecideBatchRequest, _ command: (Tasks.DecideRequest) -> Decide
    ) throws(RPCError) {
        rows = try request.checked().map { ($0.taskID, command($0)) }
    }

    package func read(_ reader: any RowReader) throws -> [Result<Decide.Facts, Refusal>] {
        try rows.map { row in
            do {
                return .success(try row.command.read(reader))
            } catch let refusal as Refusal {
                return .failure(refusal)
            }
        }
    }

    package func decide(
        _ facts: [Result<Decide.Facts, Refusal>], at now: Timestamp
    ) throws(Refusal) -> Plan<Tasks.DecideBatchReply> {
        var whole = Plan(reply: Tasks.DecideBatchReply())
        for (row, facts) in zip(rows, facts) {
            do throws(Refusal) {
                let plan = try row.command.decide(try facts.get(), at: now)
                whole.writes += plan.writes
                whole.messages += plan.messages
                whole.audit += plan.audit
                whole.reply.rows.append(Tasks.BatchRow(taskID: row.taskID, plan.reply))
            } catch {
                whole.reply.rows.append(Tasks.BatchRow(taskID: row.taskID, error))
            }
        }
        return whole
    }
}

extension Tasks.BatchRow {
    fileprivate init(taskID: String, _ reply: Tasks.DecideReply) {
        self.init(
            taskID: taskID, state: .done, decisionID: reply.decisionID, version: reply.version,
            node: reply.node, outcome: reply.outcome)
    }

    fileprivate init(taskID: String, _ refusal: Refusal) {
        if let decided = refusal.detail(Tasks.DecidedFacts.self) {
            self.init(
                taskID: taskID, state: .skipped, message: refusal.message,
                decidedByName: decided.decidedByName, outcome: decided.outcome)
        } else {
            let faults = refusal.detail(Common.FieldViolations.self)?.violations ?? []
            self.init(
                taskID: taskID, state: .refused,
                message: faults.isEmpty
                    ? refusal.message : faults.map(\.message).joined(separator: "；"))
        }
    }
}

extension Refusal {
    /// Somebody decided the task already: the loser learns who, and how. Code 10.
    package static func decided(
        by name: String, _ outcome: Common.Outcome, atMilliseconds: Int64, current: Int64
    ) -> Refusal {
        var refusal = Refusal.conflict(current: current)
        refusal.message = "该任务已由\(name)审核：\(outcome.label)"
        refusal.details.append(
            .message(
                Tasks.DecidedFacts(
                    decidedByName: name, outcome: outcome, decidedMs: atMilliseconds)))
        return refusal
    }

    /// The detail of that type; nil when there is none.
    fileprivate func detail<Detail: Message>(_ type: Detail.Type) -> Detail? {
        details.first { $0.type == Detail.fullName }.flatMap { try? Detail(decoding: $0.value) }
    }
}
