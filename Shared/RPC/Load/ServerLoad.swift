import Synchronization

/// The calls of a server, all its connections together, held below a limit that it finds by itself.
package final class ServerLoad: Sendable {
    /// What an operator wants to know.
    package struct Reading: Sendable, Hashable {
        package var running: Int
        package var limit: Int
        package var connections: Int
        /// Calls refused since the start, by their priority.
        package var refused: [CallPriority: Int]
    }

    private struct State {
        var limit: AdaptiveLimit
        var refused: [CallPriority: Int] = [:]
        /// Of the requests of the calls let in.
        var requestBytes = 0
    }

    /// Requests are read before it is known who sends them, so what they may hold together is bounded.
    private static let mostRequestBytes = 256 << 20

    private let state: Mutex<State>
    private let told: Atomic<Int>
    private let connections = Atomic(0)

    package init(_ bounds: AdaptiveLimit.Bounds = AdaptiveLimit.Bounds(), now: Moment = .now) {
        state = Mutex(State(limit: AdaptiveLimit(bounds, now: now)))
        told = Atomic(bounds.initial)
    }

    /// How many calls may run at once; it may be a moment old.
    package var limit: Int { told.load(ordering: .relaxed) }

    package var reading: Reading {
        state.withLock {
            Reading(
                running: $0.limit.running, limit: $0.limit.limit,
                connections: connections.load(ordering: .relaxed), refused: $0.refused)
        }
    }

    /// A connection was taken; `connectionEnded` must follow.
    package func connectionBegan() { connections.wrappingAdd(1, ordering: .relaxed) }

    package func connectionEnded() { connections.wrappingSubtract(1, ordering: .relaxed) }

    /// Lets the call in; `end` must follow.
    /// - Parameter requestBytes: of its request.
    /// - Throws: code 8, when there is no room for work of this priority.
    package func begin(
        _ method: RPCMethod, _ priority: CallPriority, requestBytes: Int, at now: Moment
    ) throws(RPCError) -> AdaptiveLimit.Pass {
        let pass = state.withLock { state -> AdaptiveLimit.Pass? in
            guard state.requestBytes + requestBytes <= Self.mostRequestBytes,
                let pass = state.limit.begin(method.id, priority, at: now)
            else {
                state.refused[priority, default: 0] += 1
                return nil
            }
            state.requestBytes += requestBytes
            return pass
        }
        guard let pass else { throw .allBusy }
        return pass
    }

    /// Whether a stream may begin. It is not counted: it stays open as long as its caller likes, which says
    /// nothing of the load.
    /// - Throws: as `begin`.
    package func beginStream(_ priority: CallPriority) throws(RPCError) {
        let hasRoom = state.withLock { state in
            let hasRoom = state.limit.hasRoom(priority)
            if !hasRoom { state.refused[priority, default: 0] += 1 }
            return hasRoom
        }
        guard hasRoom else { throw .allBusy }
    }

    /// The call has ended.
    package func end(
        _ pass: AdaptiveLimit.Pass, _ error: RPCError?, requestBytes: Int, at now: Moment
    ) {
        let limit = state.withLock { state in
            state.limit.end(pass, AdaptiveLimit.Ending(error), at: now)
            state.requestBytes -= requestBytes
            return state.limit.limit
        }
        if told.load(ordering: .relaxed) != limit { told.store(limit, ordering: .relaxed) }
    }
}

extension RPCError {
    fileprivate static var allBusy: RPCError {
        .overLimit("this server has all the work that it can do")
    }
}

extension AdaptiveLimit.Ending {
    fileprivate init(_ error: RPCError?) {
        switch error?.code {
        case nil: self = .done
        case .deadlineExceeded, .unavailable: self = .late
        default: self = .other
        }
    }
}
