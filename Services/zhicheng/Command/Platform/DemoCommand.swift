import ArgumentParser
import Foundation
import Glibc
import Supervisor
import ZhichengClient

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Play the manual's day through the real services, and check every step.",
        discussion: """
            Starts every service on free ports with a temporary folder, plays the day from the first \
            login to the list of what was decided, shows each screen, and stops everything. Ends \
            with 0 only if every step held; otherwise the folder with the databases and the log stays.
            """)

    @Flag(help: "Keep the folder with databases and log also when every step held.")
    var keep = false

    func run() async throws {
        let began = ContinuousClock.now
        let folder = PlatformFolder(
            FileManager.default.temporaryDirectory
                .appendingPathComponent("zhicheng-demo-\(UUID().uuidString.lowercased())").path)
        try folder.makeKeys()
        do {
            let checks = try await play(in: folder)
            let seconds = Double(Int((ContinuousClock.now - began) / .milliseconds(100))) / 10
            Output.line("\n全部 \(checks) 项检查通过，用时 \(seconds) 秒。")
        } catch {
            Output.note("databases and log: \(folder.path)")
            throw Self.failure(error)
        }
        if keep {
            Output.note("databases and log: \(folder.path)")
        } else {
            try? FileManager.default.removeItem(atPath: folder.path)
        }
    }

    /// - Returns: how many checks held.
    private func play(in folder: PlatformFolder) async throws -> Int {
        let platform = try Self.platform(in: folder)
        let logPath = folder.path + "/services.log"
        let descriptor = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(.usage, "cannot write \(logPath)") }
        defer { close(descriptor) }
        let log = PrefixedLog(
            names: LocalPlatform.names, descriptor: descriptor, coloured: false)
        let supervisor = Supervisor(try platform.children()) { log.write($0) }
        let (results, result) = AsyncStream.makeStream(of: Int.self)
        try await supervisor.run { _ in
            let stage = Stage()
            try await withClient(platform.operatorConfiguration()) { administrator in
                try await withClient(platform.userConfiguration()) { users in
                    try await Day(administrator: administrator, users: users, stage: stage).play()
                }
            }
            result.yield(stage.checks)
            return .stop
        }
        result.finish()
        for await checks in results { return checks }
        throw CommandFailure(.refused, "interrupted")
    }

    private static func platform(in folder: PlatformFolder) throws(CommandFailure) -> LocalPlatform
    {
        let ports = freeLoopbackPorts(ServiceProcess.all.count + 1)
        guard ports.count == ServiceProcess.all.count + 1 else {
            throw CommandFailure(.usage, "this machine has no free ports")
        }
        var endpoints = ServiceEndpoints()
        for (process, port) in zip(ServiceProcess.all, ports) {
            endpoints[process.name] = ServiceAddress(host: "127.0.0.1", port: port)
        }
        return LocalPlatform(
            folder: folder, endpoints: endpoints, simulatorPort: ports[ports.count - 1],
            clock: DemonstrationClock.start, logLevel: "info")
    }

    /// One line for what ended the day.
    private static func failure(_ error: any Error) -> CommandFailure {
        switch error {
        case let error as CommandFailure: error
        case let error as DayFailure:
            CommandFailure(.refused, "a step did not hold: \(error.step): \(error.claim)")
        case let error as SupervisorError: CommandFailure(error)
        case let error as RPCError:
            CommandFailure(
                .refused,
                "a step did not hold: \(error)"
                    + error.facts.map { "\n  \($0)" }.joined())
        default: CommandFailure(.refused, "a step did not hold: \(error)")
        }
    }
}
