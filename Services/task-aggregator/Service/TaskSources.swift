import Logging
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Synchronization

/// One service that has something to review.
struct TaskSource: Sendable {
    /// The peer's name without "-service": what its task ids begin with.
    let name: String
    let client: Tasks.TaskSourceClient
    private let channel: any RPCChannel

    init(name: String, channel: any RPCChannel) {
        self.name = name
        self.channel = channel
        client = Tasks.TaskSourceClient(channel)
    }

    /// One page, its rows still packed.
    func list(
        _ request: Tasks.ListTasksRequest, _ options: CallOptions
    ) async throws(RPCError) -> TaskRows {
        try await channel.unary(
            Tasks.TaskSourceMethod.list.method, request, options: options)
    }
}

/// What one source came to.
struct SourceAnswer<Value: Sendable>: Sendable {
    let source: String
    /// Nil: it did not answer, or not in time, or nothing that can be used.
    let value: Value?
    /// Why there is no value, for the person who looks at the list.
    let silence: Tasks.SourceState?
}

/// The list of endpoints that the task centre knows; what they review is their own business.
final class TaskSources: Sendable {
    /// How long a source may take of a call, and of the call's time that is left, at most.
    struct Patience: Sendable {
        var longest = Duration.seconds(2)
        /// The rest is for last known rows, and for the answer's way back.
        var share = 0.75
        /// For a source that let the time run out, so that not every list waits for a dead one.
        var brief = Duration.milliseconds(200)
        /// How often such a source gets its full time all the same.
        var interval = Duration.seconds(5)

        func timeout(until deadline: ContinuousClock.Instant) -> Duration {
            min(longest, ContinuousClock.now.duration(to: deadline) * share)
        }
    }

    /// In the order of their names.
    let all: [TaskSource]
    private let byName: [String: TaskSource]
    private let patience: Patience
    private let logger: Logger
    /// The sources that did not answer last time.
    private let silences = Mutex<[String: Silence]>([:])

    private struct Silence {
        /// When it gets its full time again; nil when it always does, because it fails at once.
        var nextFullTry: ContinuousClock.Instant?
    }

    /// - Parameter channels: the peers by their names.
    /// - Throws: when two of them, or none, could be told by a task id.
    init(
        _ channels: [(peer: String, channel: any RPCChannel)], patience: Patience = Patience(),
        logger: Logger
    ) throws(ConfigurationError) {
        all = channels.map { peer, channel in
            TaskSource(name: Self.name(of: peer), channel: channel)
        }.sorted { $0.name < $1.name }
        var byName: [String: TaskSource] = [:]
        for source in all {
            guard !source.name.isEmpty, !source.name.contains(":") else {
                throw ConfigurationError("“\(source.name)” cannot be the name of a task source")
            }
            guard byName.updateValue(source, forKey: source.name) == nil else {
                throw ConfigurationError("two peers are the task source “\(source.name)”")
            }
        }
        self.byName = byName
        self.patience = patience
        self.logger = logger
    }

    private static let suffix = "-service"

    private static func name(of peer: String) -> String {
        peer.hasSuffix(suffix) ? String(peer.dropLast(suffix.count)) : peer
    }

    /// The source's name in a task id, "source:object:round".
    static func source(of taskID: String) -> Substring {
        let bytes = taskID.utf8
        return taskID[..<(bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex)]
    }

    /// The longest task id, in bytes: what fits into a cursor.
    static let longestTaskID = 200

    /// The owner of a task.
    /// - Throws: `notFound`, as its owner would for an unknown one.
    func owner(of taskID: String) throws(RPCError) -> TaskSource {
        guard taskID.utf8.count <= Self.longestTaskID, taskID.contains(":"),
            let source = byName[String(Self.source(of: taskID))]
        else { throw RPCError(code: .notFound, message: "任务不存在", verdict: .never) }
        return source
    }

    /// Asks every source at once, on behalf of the call's user, and returns what each came to.
    /// - Parameter ask: `BadAnswer` counts as silence.
    /// - Throws: what is the user's business and not a source's: a bad request, no session, no
    ///   permission.
    func ask<Value: Sendable>(
        _ context: RequestContext,
        _ ask: @escaping @Sendable (TaskSource, CallOptions) async throws -> Value
    ) async throws -> [SourceAnswer<Value>] {
        let results = await withTaskGroup(of: (Int, Result<Value, any Error>).self) { group in
            for (index, source) in all.enumerated() {
                var options = CallOptions()
                options.timeout = timeout(for: source.name, until: context.deadline)
                group.addTask { [options] in
                    do {
                        return (index, .success(try await ask(source, options)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var results: [(Int, Result<Value, any Error>)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
        // A caller that has gone is no source's silence.
        try Task.checkCancellation()
        var answers: [SourceAnswer<Value>] = []
        let isOfUnit = Set.officers.contains(context.caller.session?.role ?? .unspecified)
        for (source, result) in zip(all, results) {
            // A source that is a unit's alone has no tasks for superiors and committees.
            if !isOfUnit, case .failure(let error as RPCError) = result,
                error.code == .permissionDenied
            {
                continue
            }
            answers.append(try answer(of: source.name, result))
        }
        return answers
    }

    private func timeout(
        for source: String, until deadline: ContinuousClock.Instant
    ) -> Duration {
        let full = patience.timeout(until: deadline)
        let now = ContinuousClock.now
        return silences.withLock { silences in
            guard let next = silences[source]?.nextFullTry else { return full }
            guard now >= next else { return min(full, patience.brief) }
            silences[source]?.nextFullTry = now + patience.interval
            return full
        }
    }

    private func answer<Value>(
        of source: String, _ result: Result<Value, any Error>
    ) throws -> SourceAnswer<Value> {
        switch result {
        case .success(let value):
            if silences.withLock({ $0.removeValue(forKey: source) }) != nil {
                logger.notice("a task source answers again", metadata: ["source": "\(source)"])
            }
            return SourceAnswer(source: source, value: value, silence: nil)
        case .failure(let error as RPCError) where error.isTheUsers:
            throw error
        case .failure(let error):
            let isLate = (error as? RPCError)?.code == .deadlineExceeded
            if fellSilent(source, isLate: isLate) {
                logger.warning(
                    "a task source does not answer",
                    metadata: ["source": "\(source)", "error": "\(error)"])
            }
            return SourceAnswer(
                source: source, value: nil,
                silence: Tasks.SourceState(
                    source: source, message: isLate ? "未在规定时间内答复" : "暂时无法使用"))
        }
    }

    /// Whether it answered the time before; the log says it once.
    private func fellSilent(_ source: String, isLate: Bool) -> Bool {
        let next = ContinuousClock.now + patience.interval
        return silences.withLock { silences in
            let before = silences[source]
            silences[source] = Silence(
                nextFullTry: isLate ? before?.nextFullTry ?? next : nil)
            return before == nil
        }
    }
}

extension RPCError {
    /// Every source would say the same of this call; it is no sign that one of them is down.
    var isTheUsers: Bool {
        switch code {
        case .invalidArgument, .unauthenticated, .permissionDenied, .failedPrecondition: true
        default: false
        }
    }
}
