import NIOCore
import Synchronization

/// The connections of a server, counted against their limit, so that a shutdown reaches and awaits each.
final class ConnectionRegistry: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: NIOLoopBound<ServerConnection>] = [:]
        /// Those whose peers have no certificate.
        var strangers: Set<ObjectIdentifier> = []
        var isClosing = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether there is room for the connection; it is in the registry then.
    func admit(_ connection: ServerConnection, on eventLoop: any EventLoop) -> Bool {
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let id = ObjectIdentifier(connection)
        return state.withLock { state in
            guard !state.isClosing, state.connections.count < limit else { return false }
            state.connections[id] = bound
            return true
        }
    }

    /// Its peer turned out to have no certificate: greeted strangers leave an eighth of the room to others. Until its
    /// Hello, for which there are 5 s, a connection is nobody's yet.
    func admitStranger(_ connection: ServerConnection) -> Bool {
        state.withLock { state in
            guard state.strangers.count < max(1, limit - limit / 8) else { return false }
            state.strangers.insert(ObjectIdentifier(connection))
            return true
        }
    }

    /// The connection is closed and its handlers have ended.
    func remove(_ connection: ServerConnection) {
        let id = ObjectIdentifier(connection)
        let waiters = state.withLock { state in
            state.connections[id] = nil
            state.strangers.remove(id)
            guard state.connections.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// No further connections; the others finish their calls.
    func drain() { onEach { $0.drain() } }

    /// No further connections; the others are closed and their handlers cancelled.
    func abort() { onEach { $0.abort() } }

    /// Returns when no connection is left.
    func allEnded() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.connections.isEmpty { state.waiters.append(continuation) }
                return state.connections.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }

    private func onEach(_ body: @escaping @Sendable (ServerConnection) -> Void) {
        let connections = state.withLock { state in
            state.isClosing = true
            return Array(state.connections.values)
        }
        for connection in connections { connection.execute { body($0) } }
    }
}

extension NIOLoopBound {
    /// Calls the body with the value, on its event loop.
    func execute(_ body: @escaping @Sendable (Value) -> Void) {
        eventLoop.execute { body(value) }
    }
}

extension NIOLoopBoundBox {
    /// Calls the body with the value, on its event loop.
    func execute(_ body: @escaping @Sendable (Value) -> Void) {
        eventLoop.execute { body(self.value) }
    }
}
