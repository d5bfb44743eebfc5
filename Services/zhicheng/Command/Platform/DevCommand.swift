import ArgumentParser
import Foundation
import RPCTransport
import Supervisor
import ZhichengClient

struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract:
            "Start the platform on this machine with demonstration data, and keep it running.",
        discussion: """
            Starts every service and the stand-in of 闽政通 as processes of their own, each with its \
            own database, and starts again what dies. A new data folder gets the manual's \
            demonstration data. Ctrl-C stops everything.
            """)

    @Option(help: "Folder of keys and databases; made when missing.")
    var data = "data"
    @Option(
        help: """
            Port of identity-service; archive, declaration, quota and tasks follow it, the stand-in \
            of 闽政通 is nine above it.
            """)
    var port = 7001
    @Option(help: "How much the services log: trace, debug, info, notice, warning, error.")
    var logLevel = "notice"
    @Flag(help: "No demonstration data in a new data folder.")
    var empty = false

    func validate() throws {
        guard (1...65_000).contains(port) else {
            throw ValidationError("--port is a number from 1 to 65000")
        }
    }

    func run() async throws {
        let began = ContinuousClock.now
        let folder = PlatformFolder(data)
        try folder.makeKeys()
        let lock = try folder.lock()
        defer { try? lock.close() }
        try folder.removeUnfinished()
        var clock = DemonstrationClock.start
        let memory: PlatformFolder.Memory
        let isNew = !folder.hasData
        if !isNew, case .complete(let known) = folder.demonstration {
            memory = known
            clock = DemonstrationClock.start(
                secondsAfter: Date().timeIntervalSince1970 - known.madeAtSeconds)
        } else {
            // The services' clocks start a little after this moment. Databases that `dev` did not make stay as they are.
            memory = PlatformFolder.Memory(
                madeAtSeconds: Date().timeIntervalSince1970, isEmpty: empty || !isNew)
        }
        let platform = LocalPlatform(
            folder: folder, endpoints: ServiceEndpoints(basePort: port), simulatorPort: port + 9,
            clock: clock, logLevel: logLevel)
        try platform.checkPorts()
        if isNew { try folder.beginDemonstration() }
        try await supervise(platform, memory, fills: isNew, began: began)
    }

    private func supervise(
        _ platform: LocalPlatform, _ memory: PlatformFolder.Memory, fills: Bool,
        began: ContinuousClock.Instant
    ) async throws {
        let log = PrefixedLog(names: LocalPlatform.names + ["zhicheng"])
        let supervisor = Supervisor(try platform.children()) { log.write($0) }
        log.write("starting; the data are in \(platform.folder.path)", from: "zhicheng")
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await event in supervisor.events {
                        if let line = event.line { log.write(line, from: "zhicheng") }
                    }
                }
                try await supervisor.run { _ in
                    let ready = ContinuousClock.now - began
                    if fills { try await fill(platform, log, memory) }
                    Output.line(
                        Banner(platform: platform, isEmpty: memory.isEmpty, readyAfter: ready).text)
                    return .keepRunning
                }
                group.cancelAll()
            }
        } catch let error as SupervisorError {
            throw CommandFailure(error)
        }
        log.write("stopped", from: "zhicheng")
    }

    /// Fills a new data folder, unless it is to stay empty, and remembers when it was made.
    private func fill(
        _ platform: LocalPlatform, _ log: PrefixedLog, _ memory: PlatformFolder.Memory
    ) async throws {
        if !memory.isEmpty { try await seed(platform, log) }
        try platform.folder.finishDemonstration(memory)
    }

    private func seed(_ platform: LocalPlatform, _ log: PrefixedLog) async throws {
        log.write("making demonstration data", from: "zhicheng")
        do {
            try await withClient(platform.operatorConfiguration()) { administrator in
                try await withClient(platform.userConfiguration()) { users in
                    try await Seed(administrator: administrator, users: users).run()
                }
            }
        } catch let error as RPCError {
            throw CommandFailure(
                .refused,
                "the demonstration data could not be made: \(error)"
                    + error.facts.map { "\n  \($0)" }.joined())
        }
    }
}

extension LocalPlatform {
    /// The operator's client: it has a certificate.
    func operatorConfiguration() throws(CommandFailure) -> ClientConfiguration {
        let own = folder.certificates.folder(of: "zhicheng")
        return ClientConfiguration(
            credentials: try usable { () throws(TransportError) in
                try TLSCredentials(folder: own)
            },
            endpoints: endpoints,
            peerName: "zhicheng/\(ProcessInfo.processInfo.processIdentifier)@0.1.0",
            timeout: .seconds(20))
    }

    /// The client of people, who have no certificate.
    func userConfiguration() throws(CommandFailure) -> ClientConfiguration {
        ClientConfiguration(
            credentials: try usable { () throws(TransportError) in
                try TLSCredentials(authorityFile: folder.certificates.authority)
            },
            endpoints: endpoints, timeout: .seconds(20))
    }
}

extension CommandFailure {
    /// Why the services could not be kept running.
    init(_ error: SupervisorError) {
        switch error {
        case .cannotStart, .configuration: self.init(.usage, error.description)
        case .notReady: self.init(.unreachable, error.description)
        }
    }
}

extension SupervisorEvent {
    /// What of it an operator wants to read.
    fileprivate var line: String? {
        switch self {
        case .restarting(let name, let ending, let pause):
            "\(name) ended (\(ending)); it starts again in \(pause)"
        case .started, .ready, .stopping, .stopped: nil
        }
    }
}
