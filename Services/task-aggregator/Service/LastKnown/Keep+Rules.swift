import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// Nothing to say.
struct Kept: StorableReply {
    init() {}
    init(storedBytes: [UInt8]) throws {}
    func storedBytes() throws -> [UInt8] { [] }
}

/// Between a page's start and its end the source has these rows and no others. Writes only the
/// difference.
struct KeepPage: Command {
    let source: String
    let view: KnownView
    let start: PageCursor
    let page: TaskPage

    struct Facts: Sendable {
        /// Of the same part of the list, packed, by task id.
        let known: [String: [UInt8]]
        /// The page's, packed.
        let seen: [(task: Tasks.Task, body: [UInt8])]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            known: try KnownStore.bodies(
                of: source, in: view, from: start, to: page.end, rows),
            seen: try page.rows.map { ($0, try $0.encodedBytes()) })
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Kept> {
        let ids = Set(facts.seen.map(\.task.id))
        let gone = facts.known.keys.filter { !ids.contains($0) }
        let changed = facts.seen.filter { facts.known[$0.task.id] != $0.body }
        var writes = gone.sorted().map { KnownStore.forget($0, in: view) }
        writes += changed.map { KnownStore.keep($0.task, $0.body, of: source, in: view) }
        if !changed.isEmpty { writes.append(KnownStore.trim(source, view)) }
        return Plan(writes: writes, reply: Kept())
    }
}

/// A source's counts of a unit, when they are others than the last known ones.
struct KeepCounts: Command {
    let source: String
    let unit: String
    let view: Tasks.TaskView
    let counts: Tasks.CountTasksReply

    struct Facts: Sendable {
        let isKnown: Bool
        /// The counts, packed.
        let body: [UInt8]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            isKnown: try KnownStore.counts(of: source, unit: unit, view: view, rows) == counts,
            body: try counts.encodedBytes())
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Kept> {
        Plan(
            writes: facts.isKnown
                ? [] : [KnownStore.keep(facts.body, of: source, unit: unit, view: view)],
            reply: Kept())
    }
}

/// A task that was decided through the task centre waits no more, even before its source is asked
/// again.
struct ForgetPending: Command {
    let unit: String
    let taskID: String

    func read(_ rows: any RowReader) throws {}

    func decide(_ facts: Void, at now: Timestamp) throws(Refusal) -> Plan<Kept> {
        Plan(
            writes: [KnownStore.forget(taskID, in: KnownView(unit: unit, isPending: true))],
            reply: Kept())
    }
}
