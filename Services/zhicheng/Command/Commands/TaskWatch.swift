import ArgumentParser
import ZhichengClient

extension TasksCommand {
    struct Watch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says what opens, changes and closes, as it happens; until it is interrupted."
        )

        @Option(help: "Ends after so many changes.")
        var count: Int?
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func validate() throws {
            if let count, count < 1 { throw ValidationError("--count is at least 1") }
        }

        func run() async throws {
            try await connection.withPlatform(session: session.token()) { client in
                var told = 0
                for try await update in client.tasks.updates() {
                    if update.resync { Output.note("更新过多，请重新查看任务列表") }
                    for change in update.changes {
                        try show(change)
                        told += 1
                        if told == count { return }
                    }
                }
            }
        }

        private func show(_ change: Tasks.TaskChange) throws {
            let row = TaskChangeRow(change)
            guard connection.output == .table else { return try Output.json(row) }
            let label =
                switch change.kind {
                case .opened: "新任务"
                case .closed: "已办结"
                default: "有变化"
                }
            Output.line(
                [label, row.title, row.applicant, row.state, row.task].filter { !$0.isEmpty }
                    .joined(separator: " "))
        }
    }
}

/// A change of a task for programs.
struct TaskChangeRow: Encodable {
    let change, task, kind, title, applicant, state: String

    init(_ change: Tasks.TaskChange) {
        let task = change.task ?? Tasks.Task()
        self.change = "\(change.kind)"
        self.task = task.id
        kind = task.kind
        title = task.title
        applicant = task.applicantName
        state = task.stateLabel
    }
}
