import ArgumentParser
import ServiceRuntime
import TaskAggregator

@main
struct TaskAggregatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task-aggregator",
        abstract: "任务中心: one list of everything that waits for a unit, and the home page.",
        discussion: """
            Every --peer is a source of tasks; identity-service must be one of them. A new kind of \
            task is a further --peer.
            """,
        version: platformVersion)

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await taskAggregatorDefinition.run(options)
    }
}
