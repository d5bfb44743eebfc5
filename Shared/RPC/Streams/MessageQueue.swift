import Synchronization

/// Packed messages on their way to one consumer, in order, and then how they ended.
///
/// What waits in it is bounded by whoever offers: over a socket by the windows of flow control, within this process
/// by `push`, which waits.
package final class MessageQueue: Sendable {
    /// How it ended: nil when all messages were sent.
    package typealias End = RPCError?

    private struct Item {
        let bytes: [UInt8]
        let cost: Int
    }

    private struct State {
        var items: [Item] = []
        /// Those before it were taken.
        var head = 0
        var queuedCost = 0
        /// Taken, but not told to `consumed` yet.
        var untold = 0
        var end: End?
        var consumer: CheckedContinuation<Void, Never>?
        var producers: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastProducer: UInt64 = 0

        var isEmpty: Bool { head == items.count }

        mutating func append(_ item: Item) {
            items.append(item)
            queuedCost += item.cost
        }

        mutating func popFirst() -> Item? {
            guard head < items.count else { return nil }
            let item = items[head]
            head += 1
            if head == items.count {
                items.removeAll(keepingCapacity: head <= 64)
                head = 0
            } else if head > 64, head * 2 > items.count {
                items.removeFirst(head)
                head = 0
            }
            queuedCost -= item.cost
            untold += item.cost
            return item
        }
    }

    private let state = Mutex(State())
    private let window: Int
    private let consumed: @Sendable (_ cost: Int) -> Void

    /// - Parameters:
    ///   - window: of the costs; `push` waits while as much is queued.
    ///   - consumed: is told the costs of messages that were taken, not of each one by itself.
    package init(window: Int, consumed: @escaping @Sendable (_ cost: Int) -> Void = { _ in }) {
        self.window = window
        self.consumed = consumed
    }

    /// Adds a message, whose bound is the caller's to keep. After the end it is dropped.
    package func offer(_ bytes: [UInt8], cost: Int) {
        let consumer = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.end == nil else { return nil }
            state.append(Item(bytes: bytes, cost: cost))
            return state.consumer.take()
        }
        consumer?.resume()
    }

    /// Adds a message when there is room; waits for it.
    /// - Throws: how it ended when that was a failure, `cancelled` when the task was cancelled.
    func push(_ bytes: [UInt8]) async throws(RPCError) {
        while true {
            let attempt = state.withLock { state -> Result<Bool, RPCError> in
                if let end = state.end {
                    if let failure = end { return .failure(failure) }
                    return .success(true)
                }
                guard state.queuedCost < window else { return .success(false) }
                return .success(true)
            }
            if try attempt.get() { break }
            guard !Task.isCancelled else { throw .cancelledHere }
            await waitForRoom()
        }
        // What a message takes besides its bytes keeps empty ones from being endless.
        offer(bytes, cost: bytes.count + 16)
    }

    private func waitForRoom() async {
        let id = state.withLock { state in
            state.lastProducer += 1
            return state.lastProducer
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard state.end == nil, state.queuedCost >= window, !Task.isCancelled else {
                        return true
                    }
                    state.producers[id] = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.producers.removeValue(forKey: id) }?.resume()
        }
    }

    /// No further messages: those that are queued can still be taken, then the consumer learns how it ended. The
    /// first end counts.
    /// - Parameter droppingQueued: throws away what is queued: nobody is to take it any more.
    package func end(_ end: End, droppingQueued: Bool = false) {
        let (consumer, producers) = state.withLock { state in
            if state.end == nil { state.end = .some(end) }
            if droppingQueued { while state.popFirst() != nil {} }
            defer { state.producers = [:] }
            return (state.consumer.take(), state.producers.values)
        }
        consumer?.resume()
        for producer in producers { producer.resume() }
    }

    /// The next message; nil when all were sent. One task at a time asks.
    /// - Throws: why it ended early; `cancelled` when the task was cancelled while it waited.
    package func next() async throws(RPCError) -> [UInt8]? {
        while true {
            if let outcome = take() { return try outcome.get() }
            guard !Task.isCancelled else { throw .cancelledHere }
            await waitForMessage()
        }
    }

    /// Nil: nothing to take yet.
    private func take() -> Result<[UInt8]?, RPCError>? {
        let (outcome, told, producers) = state.withLock {
            state -> (
                Result<[UInt8]?, RPCError>?, Int, [CheckedContinuation<Void, Never>]
            ) in
            guard let item = state.popFirst() else {
                guard let end = state.end else { return (nil, 0, []) }
                if let failure = end { return (.failure(failure), 0, []) }
                return (.success(nil), 0, [])
            }
            var told = 0
            // Everything that was taken must be told at last, but not each message by itself.
            if state.isEmpty || state.untold >= window / 4 {
                told = state.untold
                state.untold = 0
            }
            var producers: [CheckedContinuation<Void, Never>] = []
            if state.queuedCost < window {
                producers = Array(state.producers.values)
                state.producers = [:]
            }
            return (.success(item.bytes), told, producers)
        }
        if told > 0 { consumed(told) }
        for producer in producers { producer.resume() }
        return outcome
    }

    private func waitForMessage() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard state.isEmpty, state.end == nil, !Task.isCancelled else { return true }
                    precondition(state.consumer == nil, "one task at a time takes messages")
                    state.consumer = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.consumer.take() }?.resume()
        }
    }
}

extension RPCError {
    /// The task that waited was cancelled.
    package static var cancelledHere: RPCError {
        RPCError(code: .cancelled, message: "the call was cancelled")
    }
}
