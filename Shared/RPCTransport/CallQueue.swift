import RPC

/// Calls that wait, first come, first served.
struct CallQueue {
    private var calls: [PendingCall] = []
    /// Those before it are gone.
    private var head = 0

    var count: Int { calls.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ call: PendingCall) { calls.append(call) }

    mutating func popFirst() -> PendingCall? {
        guard head < calls.count else { return nil }
        defer {
            head += 1
            // Moving the rest to the front costs little when most are gone.
            if head == calls.count || head > 64 && head * 2 > calls.count {
                calls.removeFirst(head)
                head = 0
            }
        }
        return calls[head]
    }

    mutating func remove(_ call: PendingCall) {
        guard let index = calls[head...].firstIndex(where: { $0 === call }) else { return }
        calls.remove(at: index)
    }

    mutating func removeAll() -> ArraySlice<PendingCall> {
        defer {
            calls = []
            head = 0
        }
        return calls[head...]
    }

    /// Takes out the calls whose time is up; also says when the next one's is.
    mutating func takeExpired(
        at now: Moment
    ) -> (expired: [PendingCall], next: Moment?) {
        let all = removeAll()
        calls = all.filter { $0.outgoing.deadline > now }
        return (
            all.filter { $0.outgoing.deadline <= now }, calls.map(\.outgoing.deadline).min()
        )
    }
}
