import ArgumentParser
import ServiceRuntime
import TaskAggregator

@main
struct TaskAggregatorCommand: ServiceCommand {
    static let definition = taskAggregatorDefinition
    static let abstract =
        "任务中心: one list of everything that waits for a unit, and the home page."
    static let discussion = """
        Every --peer is a source of tasks; identity-service must be one of them. A new kind of \
        task is a further --peer.
        """
}
