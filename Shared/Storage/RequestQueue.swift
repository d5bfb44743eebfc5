import Dispatch
import Synchronization

/// Work for the writer's thread.
struct WriteRequest: Sendable {
    /// Hands the outcome to whoever waits for it; called after the commit.
    typealias Delivery = () -> Void

    let id: UInt64
    /// Does the work inside the group's transaction. What it throws ends the whole group.
    let perform: @Sendable (WriteGroup) throws(GroupFailure) -> Delivery
    /// Hands over an error in place of the outcome.
    let fail: @Sendable (StorageError) -> Void
}

/// What waits for the writer: bounded, first in first out. Adding never blocks.
final class RequestQueue: Sendable {
    private struct State {
        var waiting: [WriteRequest] = []
        var isClosed = false
        var takerSleeps = false
        var lastID: UInt64 = 0

        /// Whether the taker has to be woken.
        mutating func wakesTaker() -> Bool {
            defer { takerSleeps = false }
            return takerSleeps
        }
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// A number for a request.
    func nextID() -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Adds a request, or says why it was not: `queueFull`, `closed`.
    func add(_ request: WriteRequest) throws(StorageError) {
        let (refused, wakes) = state.withLock { state -> (StorageError.NotApplied?, Bool) in
            if state.isClosed { return (.closed, false) }
            if state.waiting.count >= limit { return (.queueFull, false) }
            state.waiting.append(request)
            return (nil, state.wakesTaker())
        }
        if let refused { throw .notApplied(refused) }
        if wakes { wake.signal() }
    }

    /// Takes a request back that the writer has not taken.
    func remove(_ id: UInt64) -> WriteRequest? {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: index)
        }
    }

    /// What waits, at most so many; sleeps while there is nothing. Nil once closed and empty. For
    /// the writer's thread alone.
    func take(most: Int) -> [WriteRequest]? {
        while true {
            enum Next {
                case requests([WriteRequest])
                case closed
                case sleep
            }
            let next = state.withLock { state -> Next in
                if !state.waiting.isEmpty {
                    let taken = Array(state.waiting.prefix(most))
                    state.waiting.removeFirst(taken.count)
                    return .requests(taken)
                }
                if state.isClosed { return .closed }
                state.takerSleeps = true
                return .sleep
            }
            switch next {
            case .requests(let requests): return requests
            case .closed: return nil
            case .sleep: wake.wait()
            }
        }
    }

    /// Whether nothing waits.
    var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }

    /// How many wait.
    var count: Int { state.withLock { $0.waiting.count } }

    /// Refuses new requests; what waits is still taken.
    func close() {
        let wakes = state.withLock { state in
            state.isClosed = true
            return state.wakesTaker()
        }
        if wakes { wake.signal() }
    }

    /// Closes and takes everything back.
    func closeAndEmpty() -> [WriteRequest] {
        state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
