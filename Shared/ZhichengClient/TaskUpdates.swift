public import Messages
public import RPC
public import ServiceStubs

/// What opens, changes and closes at the signed-in reviewer's desk, as it happens:
/// `for try await update in client.tasks.updates()`.
///
/// The first update comes at once and tells of no change; read the list after it. An update that says `resync` means that
/// some changes were missed: read the list anew. When the connection is lost it is made again, from the last position.
public struct TaskUpdates: AsyncSequence, Sendable {
    /// Changes, of each task only the last.
    public typealias Element = Tasks.TaskUpdate
    /// What ends it: the session, or a refusal.
    public typealias Failure = RPCError

    fileprivate let client: Tasks.TaskCentreClient
    fileprivate let position: Int64

    /// Begins at the position.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Goes through the updates.
    public struct Iterator: AsyncIteratorProtocol {
        private let client: Tasks.TaskCentreClient
        private var position: Int64
        private var stream: ReplyStream<Tasks.TaskUpdate>.Iterator?
        private var failures = 0
        /// As the server asked for.
        private var leastPause = Duration.zero

        fileprivate init(_ updates: TaskUpdates) {
            client = updates.client
            position = updates.position
        }

        /// The next update; never nil.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(RPCError) -> Tasks.TaskUpdate? {
            while true {
                var stream =
                    self.stream
                    ?? client.watch(Tasks.WatchTasksRequest(position: position))
                    .makeAsyncIterator()
                do throws(RPCError) {
                    if let update = try await stream.next(isolation: actor) {
                        self.stream = stream
                        position = update.position
                        failures = 0
                        leastPause = .zero
                        return update
                    }
                    // The service shuts down, or the call's longest time is over.
                    self.stream = nil
                } catch {
                    self.stream = nil
                    switch error.code {
                    case .unavailable, .deadlineExceeded: leastPause = error.retryAfter ?? .zero
                    case .resourceExhausted where error.verdict == .notExecuted:
                        leastPause = error.retryAfter ?? .zero
                    default: throw error
                    }
                }
                failures += 1
                do {
                    // Partly random, so that all who watched a service do not come back in step.
                    let pause = Duration.milliseconds(50 << Swift.min(failures, 6))
                    try await ContinuousClock().sleep(
                        for: Swift.max(leastPause, pause * Double.random(in: 0.5...1)))
                } catch {
                    throw RPCError(code: .cancelled, message: "已停止等待任务更新")
                }
            }
        }
    }
}

extension Tasks.TaskCentreClient {
    /// Live updates of the signed-in reviewer's tasks.
    /// - Parameter position: of the last update that was seen; 0 for from now on.
    public func updates(after position: Int64 = 0) -> TaskUpdates {
        TaskUpdates(client: self, position: position)
    }
}
