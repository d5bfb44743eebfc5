import ArgumentParser
import ZhichengClient

extension TasksCommand {
    /// 批量审核.
    struct Batch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "批量审核: one opinion on several tasks, with a result for each.",
            discussion: """
                Names the tasks, or takes the pending ones of a kind. What somebody else decided \
                before is skipped and told. Declarations are decided one by one.
                """)

        enum Outcome: String, ExpressibleByArgument, CaseIterable {
            case approve, `return`, terminate

            var outcome: Common.Outcome {
                switch self {
                case .approve: .approved
                case .return: .returned
                case .terminate: .terminated
                }
            }
        }

        @Argument(help: "approve, return or terminate.")
        var outcome: Outcome
        @Argument(help: "The tasks, as the list names them.")
        var ids: [String] = []
        @Option(help: "审批意见, at most 2,000 characters.")
        var opinion: String
        @Option(
            help: """
                Instead of naming tasks: the pending ones of this kind (registration, \
                archive_item, withdrawal), newest first.
                """)
        var kind: String?
        @Option(help: "With --kind: only applicants with this in their name.")
        var applicant = ""
        @Option(help: "With --kind: how many at most, 1 to 200.")
        var limit = 200
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        /// The most tasks of a batch.
        private static let mostTasks = 200

        func validate() throws {
            guard ids.isEmpty != (kind == nil) else {
                throw ValidationError("name tasks, or give --kind")
            }
            guard ids.count <= Self.mostTasks, (1...Self.mostTasks).contains(limit) else {
                throw ValidationError("a batch has 1 to \(Self.mostTasks) tasks")
            }
        }

        private struct Row: Encodable {
            let task, state, message: String
            let version: Int64
        }

        func run() async throws {
            let rows = try await connection.withPlatform(session: session.token()) { client in
                let chosen = try await tasks(client)
                guard !chosen.isEmpty else { return [Tasks.BatchRow]() }
                return try await client.tasks.decideBatch(
                    Tasks.DecideBatchRequest(
                        tasks: chosen, outcome: outcome.outcome, opinion: opinion)
                ).rows
            }
            if connection.output == .json {
                try Output.json(
                    rows.map {
                        Row(
                            task: $0.taskID, state: $0.state.label, message: $0.message,
                            version: $0.version)
                    })
            } else {
                Output.table(
                    Table(
                        ["任务", "结果", "说明"],
                        rows: rows.map { [$0.taskID, $0.state.label, $0.message] }))
                let done = rows.count { $0.state == .done }
                Output.line("共 \(rows.count) 项，已审核 \(done) 项")
            }
            if let code = Self.exitCode(rows.map(\.state)) { throw ExitCode(code.rawValue) }
        }

        /// Nil when everything was decided, by this batch or before. What is unanswered may be tried again as it is.
        static func exitCode(_ states: [Tasks.RowState]) -> CommandFailure.Code? {
            if states.contains(.unanswered) { return .unreachable }
            return states.allSatisfy { $0 == .done || $0 == .skipped } ? nil : .refused
        }

        /// The chosen tasks at their versions now. A task that does not wait is asked for all the same: its owner says why.
        private func tasks(_ client: PlatformClient) async throws -> [Tasks.BatchTask] {
            if let kind {
                let found = try await TaskSearch(client).rows(
                    .pending, Tasks.TaskFilter(kinds: [kind], applicant: applicant), limit: limit)
                return found.tasks.map {
                    Tasks.BatchTask(taskID: $0.id, expectedVersion: $0.version)
                }
            }
            var versions: [String: Int64] = [:]
            let wanted = Set(ids)
            var seen = 0
            for try await task in client.tasks.all(.pending, pageSize: 200) {
                if wanted.contains(task.id) { versions[task.id] = task.version }
                seen += 1
                if versions.count == wanted.count || seen == TaskSearch.deepest { break }
            }
            return ids.map { Tasks.BatchTask(taskID: $0, expectedVersion: versions[$0] ?? 0) }
        }
    }
}

extension Tasks.RowState {
    /// For a person.
    fileprivate var label: String {
        switch self {
        case .done: "已审核"
        case .skipped: "已跳过"
        case .refused: "被拒绝"
        case .unanswered: "未答复"
        default: "未知"
        }
    }
}
