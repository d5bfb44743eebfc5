import Domain
import ServiceRuntime

/// The settings of task-aggregator, from `--set NAME=VALUE`.
struct AggregatorSettings: Sendable {
    /// Whether the log says what a sender of text messages would have been given.
    let logsNotifications: Bool
    let dueDates: DueDates

    private static let sender = "notification-sender"
    private static let workingDays = "review-working-days"
    private static let names = [sender, workingDays]

    /// - Throws: an unknown setting or value.
    init(_ settings: [String: String]) throws(ConfigurationError) {
        if let unknown = settings.keys.filter({ !Self.names.contains($0) }).min() {
            throw ConfigurationError(
                "task-aggregator has no setting “\(unknown)”; it has "
                    + Self.names.joined(separator: ", "))
        }
        switch settings[Self.sender] ?? "none" {
        case "none": logsNotifications = false
        case "log": logsNotifications = true
        case let other:
            throw ConfigurationError("\(Self.sender) is none or log, not “\(other)”")
        }
        guard let text = settings[Self.workingDays] else {
            dueDates = .standard
            return
        }
        guard let days = Int(text), (1...WorkingDays.limit).contains(days) else {
            throw ConfigurationError(
                "\(Self.workingDays) is a number from 1 to \(WorkingDays.limit), not “\(text)”")
        }
        dueDates = DueDates(workingDays: days)
    }
}
