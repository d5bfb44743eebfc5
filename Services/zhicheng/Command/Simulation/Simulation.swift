import Domain
import ZhichengClient

/// Plays everybody of a scenario on a running development platform.
///
/// It can be stopped and run again: keys of requests come from the seed, and decisions from what is there. A unit whose people have filed
/// everything is passed over.
struct Simulation: Sendable {
    let world: SimulatedWorld
    /// The operator's client.
    let administrator: PlatformClient
    /// The client of people.
    let users: PlatformClient
    /// Calls at once, about.
    let concurrency: Int
    let progress: SimulationProgress

    /// What all the others need to know.
    struct Stage: Sendable {
        /// Of the scenario's plans in their order; the last one closes early.
        let plans: [Declaration.Plan]
        /// When everything has been decided that needs days.
        let later: CivilDay
        /// A run before has begun on this platform.
        let isResumed: Bool

        /// Where a declaration goes.
        func plan(of declaration: SimulatedDeclaration) -> Declaration.Plan {
            declaration.ending == .lapsed
                ? plans[plans.count - 1] : plans[declaration.plan]
        }
    }

    /// Calls of one unit at once, about: some of its people wait for one answer while others have several calls on the way.
    static let callsPerUnit = 8
    /// People of one unit who file at once, and submissions of each at once.
    static let filersPerUnit = 2
    static let callsPerFiler = 4

    func run() async throws {
        let (stage, now) = try await setStage()
        if CivilDay(now) < stage.later {
            let units = Array(0..<world.scenario.units)
            let declared = try await concurrently(
                units, atMost: max(1, concurrency / Self.callsPerUnit)
            ) { number in try await play(world.unit(number), stage) }
            let endings = declared.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
            try await playLaterNodes(endings)
            guard world.hasEnding(\.needsTime) else { return }
            try await advanceClocks(to: stage.later)
        }
        try await finish(stage)
    }

    // MARK: calls

    /// How a step is called: a repeat of the same step of the same seed is the same request.
    func step(_ name: String) -> CallOptions {
        var options = CallOptions()
        options.idempotencyKey = Chance.key(seed: world.seed, name)
        return options
    }

    /// Every task that waits for somebody: none is missing because its source was busy.
    func waiting(
        for client: PlatformClient, _ filter: Tasks.TaskFilter = Tasks.TaskFilter()
    ) async throws -> [Tasks.Task] {
        var tasks: [Tasks.Task] = []
        var page = Common.PageRequest(size: 200)
        repeat {
            let request = Tasks.ListTasksRequest(view: .pending, filter: filter, page: page)
            let reply = try await complete(\.unavailable) { () async throws in
                try await client.tasks.list(request)
            }
            tasks += reply.tasks
            page.cursor = reply.nextCursor
        } while !page.cursor.isEmpty
        return tasks
    }

    /// Asks again while a source of the task centre has not answered.
    func complete<Reply>(
        _ unavailable: (Reply) -> [Tasks.SourceState], _ ask: () async throws -> Reply
    ) async throws -> Reply {
        for _ in 0..<Self.mostAsks {
            let reply = try await ask()
            if unavailable(reply).isEmpty { return reply }
            try await ContinuousClock().sleep(for: .milliseconds(250))
        }
        throw SimulationFailure(
            "a source of the task centre does not answer; see `zhicheng health`")
    }

    private static let mostAsks = 40

    /// Signs in; makes the account first when there is none.
    func enter(_ request: Identity.CreateAccountRequest) async throws -> SignedIn {
        try await enter(request.account) {
            try await administrator.identity.createAccount(request).initialPassword
        }
    }

    /// - Parameter make: makes the account, and gives its initial password.
    func enter(
        _ account: String, _ make: () async throws -> String
    ) async throws -> SignedIn {
        let initial: String
        do {
            initial = try await make()
        } catch let error as RPCError where error.code == .alreadyExists {
            return try await again(account)
        }
        return try await users.firstSignIn(account, initialPassword: initial)
    }

    /// Signs in with an account of a run that was stopped, maybe before it changed the password.
    func again(_ account: String) async throws -> SignedIn {
        do {
            return try await users.signIn(account, Cast.password)
        } catch {
            guard error.code == .unauthenticated else { throw error }
            let reset = try await administrator.identity.resetPassword(
                Identity.ResetPasswordRequest(account: account))
            return try await users.firstSignIn(account, initialPassword: reset.initialPassword)
        }
    }

    // MARK: the clocks

    /// Moves every service's clock forward to the beginning of a day; one that is there already stays.
    private func advanceClocks(to day: CivilDay) async throws {
        for name in ServiceName.allCases {
            let clock = administrator.development(of: name)
            let now = try await clock.advanceClock(Development.AdvanceClockRequest()).nowMs
            let left = day.start.milliseconds - now
            guard left > 0 else { continue }
            _ = try await clock.advanceClock(Development.AdvanceClockRequest(byMs: left))
        }
    }
}

/// Does the body for every element, so many at once; the first error ends it.
/// - Returns: the results in the order of the elements.
func concurrently<Element: Sendable, Value: Sendable>(
    _ elements: [Element], atMost limit: Int,
    _ body: @escaping @Sendable (Element) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        var values: [Value?] = Array(repeating: nil, count: elements.count)
        var next = 0
        func start() {
            guard next < elements.count else { return }
            let (index, element) = (next, elements[next])
            next += 1
            group.addTask { (index, try await body(element)) }
        }
        for _ in 0..<limit { start() }
        while let (index, value) = try await group.next() {
            values[index] = value
            start()
        }
        return values.compactMap { $0 }
    }
}

/// A step of a simulation that the platform refused.
struct SimulationFailure: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
