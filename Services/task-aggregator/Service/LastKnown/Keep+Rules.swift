import Domain
import MessageCoding
import Messages
import ServiceRuntime
import Storage

/// It is done. Never kept: no key makes these commands happen once.
struct Kept: StorableReply {
    /// Whether nothing of the same is left to do.
    let isAll: Bool

    init(isAll: Bool = true) { self.isAll = isAll }
    init(storedBytes: [UInt8]) throws { isAll = true }
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
        /// The page's.
        let seen: [TaskRow]
        /// Below it nothing is kept; nil: everything.
        let horizon: PageCursor?
        let seenDay: String
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            known: try KnownStore.bodies(
                of: source, in: view, from: start, to: page.end, rows),
            seen: page.rows,
            horizon: try KnownStore.horizon(of: source, in: view, rows),
            seenDay: try KnownStore.seenDay(of: view.unit, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Kept> {
        let ids = Set(facts.seen.map(\.place.id))
        let gone = facts.known.keys.filter { !ids.contains($0) }
        // Rows that would only be trimmed again are not written: who pages far down costs no disk.
        let changed = facts.seen.filter { row in
            facts.known[row.place.id] != row.body && facts.horizon?.precedes(row.place) != true
        }
        var writes = gone.sorted().map { KnownStore.forget($0, in: view) }
        writes += changed.map { KnownStore.keep($0, of: source, in: view) }
        if !changed.isEmpty { writes.append(KnownStore.trim(source, view)) }
        writes += seen(view.unit, facts.seenDay, at: now)
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
        let seenDay: String
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            isKnown: try KnownStore.counts(of: source, unit: unit, view: view, rows) == counts,
            body: try counts.encodedBytes(), seenDay: try KnownStore.seenDay(of: unit, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Kept> {
        var writes = seen(unit, facts.seenDay, at: now)
        if !facts.isKnown {
            writes.append(KnownStore.keep(facts.body, of: source, unit: unit, view: view))
        }
        return Plan(writes: writes, reply: Kept())
    }
}

/// Notes once a day that something of the unit was seen.
private func seen(_ unit: String, _ seenDay: String, at now: Timestamp) -> [Statement] {
    let today = CivilDay(now)
    return seenDay == "\(today)" ? [] : [KnownStore.saw(unit, on: today)]
}

/// Units whose lists nobody looks at lose their last known rows; some at a time, so that nothing waits for many.
struct ForgetUnseen: Command {
    /// Each has some hundred rows for each source at most.
    static let mostUnits = 10

    let today: CivilDay

    func read(_ rows: any RowReader) throws -> [String] {
        try KnownStore.unseen(
            since: today.adding(days: -KnownStore.mostDays), limit: Self.mostUnits, rows)
    }

    func decide(_ units: [String], at now: Timestamp) throws(Refusal) -> Plan<Kept> {
        Plan(
            writes: units.flatMap { KnownStore.forget(unit: $0) },
            reply: Kept(isAll: units.count < Self.mostUnits))
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
