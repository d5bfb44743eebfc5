import ArgumentParser
import ZhichengClient

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Fill a development platform with simulated units, persons and tasks.",
        discussion: """
            Plays applicants, units, HR department, superiors, committees and experts on a running \
            `zhicheng dev`, through the same calls as everybody. The same seed makes the same people, \
            decisions and tasks. A run that was stopped goes on when it is started again with the \
            same flags. Nobody exists: ID numbers are of the unassigned county 350199.

            Declarations go as far as --flow says, by weights of: \
            \(Ending.allCases.map(\.rawValue).joined(separator: ", ")). For passed and lapsed ones \
            the platform's clock is moved on by twelve working days.

            Examples:
              zhicheng simulate
              zhicheng simulate --seed 7 --units 100 --persons 20 --items 10 --declarations 300
              zhicheng simulate --units 50 --flow pool=8,claimed=2,publicity=1
            """)

    @Option(help: "The number that everything comes from; another one makes other people.")
    var seed: UInt64 = Scenario().seed
    @Option(help: "Units.")
    var units = Scenario().units
    @Option(help: "Persons of each unit.")
    var persons = Scenario().persons
    @Option(help: "Archive items of each person whose registration is approved.")
    var items = Scenario().items
    @Option(help: "Review plans.")
    var plans = Scenario().plans
    @Option(help: "Declarations to each plan.")
    var declarations = Scenario().declarations
    @Option(help: "Share of the registrations that are approved.")
    var registered = Scenario().registered
    @Option(help: "Share of the archive items that are decided; the others wait.")
    var reviewed = Scenario().reviewed
    @Option(help: "Share of the archive items that come with a file.")
    var evidence = Scenario().evidence
    @Option(help: "Share of the approved archive items that are to be withdrawn.")
    var withdrawals = Scenario().withdrawals
    @Option(help: "Archive items that wait in the first unit, filed by further persons.")
    var pending = 0
    @Option(help: "How far declarations go, ENDING=WEIGHT,… Default: a bit of everything.")
    var flow: String?
    @Option(help: "Calls at once.")
    var concurrency = 64
    @Option(
        help: """
            Folder of the operator's certificate. Default: data/certificates/zhicheng, where \
            `zhicheng dev` has it.
            """)
    var `operator`: String?
    @OptionGroup var connection: ConnectionOptions

    private var scenario: Scenario {
        get throws {
            var scenario = Scenario(
                seed: seed, units: units, persons: persons, items: items, plans: plans,
                declarations: declarations, registered: registered, reviewed: reviewed,
                evidence: evidence, withdrawals: withdrawals, pending: pending)
            if let flow {
                guard let read = Flow(flow) else {
                    throw ValidationError("--flow is like pool=3,passed=1; see --help")
                }
                scenario.flow = read
            }
            return scenario
        }
    }

    func validate() throws {
        if let fault = try scenario.fault { throw ValidationError(fault) }
        guard (1...256).contains(concurrency) else {
            throw ValidationError("--concurrency is a number from 1 to 256")
        }
    }

    func run() async throws {
        let world = SimulatedWorld(try scenario)
        // A service that has all the work that it can do says so: the call waits its turn.
        let retries = RetryPolicy(attempts: 12, budget: RetryBudget(share: 1, allowance: 10_000))
        let progress = SimulationProgress(units: units)
        do {
            try await connection.withPlatform(
                operatorFolder: `operator`
                    ?? DeploymentCertificates.standard.folder(of: "zhicheng"),
                retries: retries
            ) { administrator in
                try await connection.withPlatform(retries: retries) { users in
                    try await Simulation(
                        world: world, administrator: administrator, users: users,
                        concurrency: concurrency, progress: progress
                    ).run()
                }
            }
        } catch let failure as SimulationFailure {
            progress.end()
            throw CommandFailure(.refused, failure.message)
        }
        progress.end()
        try SimulationReport(world, progress).show(connection.output)
    }
}

/// What a simulation made, and who may sign in.
private struct SimulationReport: Encodable {
    let units, tasks, declarations: Int
    let seconds: Double
    let password: String
    /// By who they are.
    let accounts: [String: String]

    init(_ world: SimulatedWorld, _ progress: SimulationProgress) {
        let counts = progress.counts
        units = counts.units
        tasks = counts.tasks
        declarations = counts.declarations
        seconds = progress.seconds
        password = Cast.password
        let unit = world.unit(0)
        accounts = [
            "经办人（\(unit.name)）": unit.account,
            "申报人": world.persons(of: 0)[0].person.account,
            "人社部门": "\(world.prefix)-renshe", "评委会": "\(world.prefix)-pingwei-1",
            "主管部门": "\(world.prefix)-zhuguan-350100",
        ]
    }

    func show(_ format: OutputFormat) throws {
        guard format == .table else { return try Output.json(self) }
        guard units > 0 else {
            return Output.line("这些模拟数据已经齐全，没有新增。")
        }
        let rate = Int(Double(tasks) / max(seconds, 0.001))
        Output.line(
            "\(units) 个单位，\(tasks) 个任务，\(declarations) 份申报；用时 \(Int(seconds)) 秒（每秒 \(rate) 个任务）。")
        Output.line("口令均为 \(password)，例如：")
        Output.table(
            Table(
                ["身份", "账号"],
                rows: accounts.sorted { $0.value < $1.value }.map { [$0.key, $0.value] }))
    }
}
