/// The calls in flight on one connection, in slots that are used again. The call's id tells whether
/// a slot still holds it: ids are never used again.
struct CallTable: Sendable {
    struct Entry: Sendable {
        /// 0: the slot is free.
        fileprivate(set) var id: UInt64 = 0
        fileprivate(set) var deadline: Moment
        /// Nobody waits for it any more: the caller was told, or the handler was cancelled.
        var isCancelled = false
    }

    private var entries: [Entry] = []
    private var free: [Int] = []
    /// By the lower bits of the ids: the slot that such an id took last. Grows with the slots: most connections say
    /// little, and there are many of them.
    private var latest = [UInt16](repeating: 0, count: 16)
    /// No call's deadline is earlier; it may be that of a call which has ended.
    private(set) var earliest: Moment?

    /// Calls that have not ended.
    var count: Int { entries.count - free.count }

    /// Nil when the slot is free.
    subscript(slot: Int) -> Entry? {
        guard entries.indices.contains(slot), entries[slot].id != 0 else { return nil }
        return entries[slot]
    }

    /// Whether the slot still holds this call.
    func holds(_ id: UInt64, at slot: Int) -> Bool {
        entries.indices.contains(slot) && entries[slot].id == id
    }

    /// Takes a slot for a call.
    /// - Parameter limit: of calls at once; nil comes back when it is reached.
    mutating func insert(_ id: UInt64, limit: Int, deadline: Moment) -> Int? {
        guard count < limit else { return nil }
        if earliest.map({ deadline < $0 }) ?? true { earliest = deadline }
        let slot: Int
        if let last = free.popLast() {
            slot = last
            entries[slot].deadline = deadline
            entries[slot].isCancelled = false
        } else {
            slot = entries.count
            entries.append(Entry(deadline: deadline))
            if 2 * entries.count > latest.count { growLatest() }
        }
        entries[slot].id = id
        latest[place(id)] = UInt16(truncatingIfNeeded: slot)
        return slot
    }

    private mutating func growLatest() {
        latest = [UInt16](repeating: 0, count: 2 * latest.count)
        for slot in entries.indices where entries[slot].id != 0 {
            latest[place(entries[slot].id)] = UInt16(truncatingIfNeeded: slot)
        }
    }

    private func place(_ id: UInt64) -> Int {
        Int(truncatingIfNeeded: id >> 1) & (latest.count - 1)
    }

    mutating func remove(_ slot: Int) {
        guard self[slot] != nil else { return }
        entries[slot].id = 0
        free.append(slot)
    }

    /// Frees the slots of these calls, cancelled ones included.
    mutating func removeAll(where isGone: (_ id: UInt64) -> Bool) {
        for slot in entries.indices where entries[slot].id != 0 && isGone(entries[slot].id) {
            remove(slot)
        }
    }

    mutating func markCancelled(_ slot: Int) { entries[slot].isCancelled = true }

    /// Where the call is; nil when it has ended. A search only for one that many later calls outran.
    func slot(of id: UInt64) -> Int? {
        guard id != 0 else { return nil }
        let latest = Int(latest[place(id)])
        return holds(id, at: latest) ? latest : entries.firstIndex { $0.id == id }
    }

    /// The calls that are waited for, in no order.
    var live: [(slot: Int, id: UInt64)] {
        entries.indices.filter { entries[$0].id != 0 && !entries[$0].isCancelled }
            .map { ($0, entries[$0].id) }
    }

    /// Marks the calls whose time is up as cancelled and returns them.
    mutating func takeExpired(at now: Moment) -> [(slot: Int, id: UInt64)] {
        guard let earliest, earliest <= now else { return [] }
        var expired: [(slot: Int, id: UInt64)] = []
        var next: Moment?
        for (slot, id) in live {
            let deadline = entries[slot].deadline
            if deadline <= now {
                entries[slot].isCancelled = true
                expired.append((slot, id))
            } else if next.map({ deadline < $0 }) ?? true {
                next = deadline
            }
        }
        self.earliest = next
        return expired
    }
}
