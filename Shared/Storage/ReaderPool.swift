import Dispatch
import Synchronization

/// Connections that only read. A read runs on its caller's thread, in one snapshot.
final class ReaderPool: Sendable {
    private struct State {
        var idle: [Connection] = []
        var isClosed = false
    }

    private let path: String
    private let limit: Int
    private let readLimitMilliseconds: Int
    private let state = Mutex(State())
    private let places: DispatchSemaphore

    /// - Parameters:
    ///   - limit: the most reads at once; a further one waits for a place.
    ///   - readLimitMilliseconds: how long a read may take.
    init(path: String, limit: Int, readLimitMilliseconds: Int) throws(StorageError) {
        self.path = path
        self.limit = limit
        self.readLimitMilliseconds = readLimitMilliseconds
        places = DispatchSemaphore(value: limit)
        // One at once, so that what keeps readers from opening is known at the start.
        let first = try Self.open(path)
        state.withLock { $0.idle.append(first) }
    }

    static func open(_ path: String) throws(StorageError) -> Connection {
        let connection = try Connection(path: path)
        try connection.configure(.reader)
        connection.watchDeadline()
        return connection
    }

    func read<Result>(_ body: (any RowReader) throws -> Result) throws -> Result {
        guard places.wait(timeout: .now() + .seconds(5)) == .success else {
            throw StorageError.notApplied(.busy)
        }
        defer { places.signal() }
        let connection = try take()
        defer { giveBack(connection) }
        connection.setDeadline(readLimitMilliseconds)
        defer { connection.setDeadline(nil) }
        return try Self.snapshot(connection, body)
    }

    /// Runs `body` in one read transaction.
    static func snapshot<Result>(
        _ connection: Connection, _ body: (any RowReader) throws -> Result
    ) throws -> Result {
        try connection.run("BEGIN")
        do {
            let reader = Reader(connection)
            defer { reader.end() }
            let result = try body(reader)
            try connection.run("COMMIT")
            return result
        } catch {
            if connection.isInTransaction {
                connection.setDeadline(nil)
                try? connection.run("ROLLBACK")
            }
            throw error
        }
    }

    /// Waits for the reads that run and ends all connections.
    func close() {
        state.withLock { $0.isClosed = true }
        var taken = 0
        while taken < limit, places.wait(timeout: .now() + .seconds(5)) == .success { taken += 1 }
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for connection in idle { connection.close() }
        for _ in 0..<taken { places.signal() }
    }

    private func take() throws(StorageError) -> Connection {
        let (connection, isClosed) = state.withLock { ($0.idle.popLast(), $0.isClosed) }
        guard !isClosed else { throw .notApplied(.closed) }
        if let connection { return connection }
        return try Self.open(path)
    }

    private func giveBack(_ connection: Connection) {
        // One that cannot leave its transaction would hold an old snapshot for ever.
        let isKept =
            !connection.isInTransaction
            && state.withLock { state in
                guard !state.isClosed else { return false }
                state.idle.append(connection)
                return true
            }
        if !isKept { connection.close() }
    }
}
