import Domain
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// 任务中心 and 单位首页. Lists are always merged live (decision 15); what is stored stands in for a
/// source that does not answer.
struct TaskCentreHandler: Tasks.TaskCentreProvider {
    let database: Database
    let clock: any WallClock
    let sources: TaskSources
    let lastKnown: LastKnown
    let dueDates: DueDates
    /// Whether a sender is to be called for notifications.
    let hasSender: Bool
    let changes: ChangeSignal
    let resolver: SessionResolver
    /// How often those who watch are held against their sessions.
    let sessionInterval: Duration
    let ids: @Sendable () -> String

    // MARK: lists and counts

    /// The page as values. What is served is ``rows(_:context:)``, the same without unpacking.
    func list(
        _ request: Tasks.ListTasksRequest, context: RequestContext
    ) async throws -> Tasks.ListTasksReply {
        try Tasks.ListTasksReply(decoding: await rows(request, context: context).encodedBytes())
    }

    /// A page as it travels.
    func rows(
        _ request: Tasks.ListTasksRequest, context: RequestContext
    ) async throws -> TaskRows {
        let desk = try ReviewDesk(context.caller)
        let today = CivilDay(clock.now())
        var request = request
        if request.filter?.overdue == true { try narrow(&request, today) }
        let query = try TaskQuery(request, personID: desk.personID)
        let bounds = try PageBounds(request.page)
        guard query.entered != nil else { return TaskRows() }
        let asked = Tasks.ListTasksRequest(
            view: query.isPending ? .pending : .processed, filter: request.filter,
            page: Common.PageRequest(
                size: UInt32(bounds.size), cursor: request.page?.cursor ?? []))
        let answers = try await sources.ask(context) { source, options in
            try TaskPage(
                await source.list(asked, options), of: source.name, within: bounds)
        }
        let view = KnownView(unit: desk.id, isPending: query.isPending)
        if query.isUnfiltered {
            for case let (source, page?) in answers.map({ ($0.source, $0.value) }) {
                lastKnown.saw(page, from: bounds.start, of: source, in: view)
            }
        }
        let silent = answers.filter { $0.value == nil }.map(\.source)
        let known =
            silent.isEmpty
            ? []
            : try database.fetch { rows in
                try silent.map { source in
                    try KnownStore.page(of: source, in: view, query, bounds, rows)
                }
            }
        let merged = TaskPage.merged(answers.compactMap(\.value) + known, size: bounds.size)
        return TaskRows(
            tasks: query.isPending ? try dueDates.dated(merged.rows, today: today) : merged.rows,
            nextCursor: merged.end?.bytes ?? [],
            unavailable: answers.compactMap(\.silence))
    }

    /// Only what is overdue: all that entered before a certain day. So the sources do the narrowing, and paging stays as it is.
    private func narrow(
        _ request: inout Tasks.ListTasksRequest, _ today: CivilDay
    ) throws(RPCError) {
        guard request.view != .processed else {
            throw RPCError(
                serviceError: Refusal.invalid([
                    FieldFault(field: "filter.overdue", label: "逾期", message: "只能筛选待处理任务")
                ]))
        }
        let last = "\(CivilDay(try dueDates.overdueBefore(today)).previous)"
        let given = FormCheck.trimmed(request.filter?.toDay ?? "")
        request.filter?.overdue = false
        // What is no day is for the query to refuse. Days in order are texts in order.
        if given.isEmpty || FormCheck.civilDay(given) != nil {
            request.filter?.toDay = given.isEmpty ? last : min(given, last)
        }
    }

    func count(
        _ request: Tasks.CountTasksRequest, context: RequestContext
    ) async throws -> Tasks.CountTasksReply {
        let unit = try ReviewDesk(context.caller).id
        guard [.unspecified, .pending, .processed].contains(request.view) else {
            let fault = FieldFault(field: "view", label: "视图", message: "应为待处理或已处理")
            throw RPCError(serviceError: Refusal.invalid([fault]))
        }
        let answers = try await sources.ask(context) { source, options in
            try await source.client.count(request, options: options).checked(of: source.name)
        }
        for case let (source, counts?) in answers.map({ ($0.source, $0.value) }) {
            lastKnown.saw(counts, of: source, unit: unit, view: request.view)
        }
        let silent = answers.filter { $0.value == nil }.map(\.source)
        let known =
            silent.isEmpty
            ? []
            : try database.fetch { rows in
                try silent.compactMap { source in
                    try KnownStore.counts(of: source, unit: unit, view: request.view, rows)
                }
            }
        let all = answers.compactMap(\.value) + known
        return Tasks.CountTasksReply(
            counts: all.flatMap(\.counts), pending: all.reduce(0) { $0 + $1.pending },
            processed: all.reduce(0) { $0 + $1.processed },
            unavailable: answers.compactMap(\.silence))
    }

    // MARK: decisions

    /// The owner decides under the client's own key: a repeat through here or there is the same
    /// one.
    func decide(
        _ request: Tasks.DecideRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        let unit = try ReviewDesk(context.caller).id
        let owner = try sources.owner(of: request.taskID)
        let reply = try await owner.client.decide(request, options: decisionOptions(context))
        if reply.state == .done { lastKnown.decided(request.taskID, unit: unit) }
        return reply
    }

    /// The client's own key and all of the time that it gave.
    func decisionOptions(_ context: RequestContext) throws(RPCError) -> CallOptions {
        guard let key = context.idempotencyKey else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(context.method.name) changes data and needs an idempotency key",
                verdict: .never)
        }
        var options = CallOptions()
        options.timeout = ContinuousClock.now.duration(to: context.deadline)
        options.idempotencyKey = key
        return options
    }

    func getDecision(
        _ request: Tasks.GetDecisionRequest, context: RequestContext
    ) async throws -> Tasks.DecideReply {
        var options = CallOptions()
        options.timeout = ContinuousClock.now.duration(to: context.deadline)
        return try await sources.owner(of: request.taskID).client.getDecision(
            request, options: options)
    }

    // MARK: the home page

    /// 待审核信息 on the home page.
    private static let newestTasks: UInt32 = 5

    /// The HR department has no tasks here: it sees the news that it publishes.
    func home(
        _ request: Tasks.HomeRequest, context: RequestContext
    ) async throws -> Tasks.HomeReply {
        let news = try database.fetch { rows in try NewsStore.newest(rows) }
        guard context.caller.session?.role != .hrDepartment else {
            return Tasks.HomeReply(news: news)
        }
        async let counted = count(Tasks.CountTasksRequest(), context: context)
        async let listed = list(
            Tasks.ListTasksRequest(
                view: .pending, page: Common.PageRequest(size: Self.newestTasks)),
            context: context)
        var (counts, page) = try await (counted, listed)
        counts.unavailable += page.unavailable.filter { state in
            !counts.unavailable.contains { $0.source == state.source }
        }
        return Tasks.HomeReply(counts: counts, newest: page.tasks, news: news)
    }

    func publishNews(
        _ request: Tasks.PublishNewsRequest, context: RequestContext
    ) async throws -> Tasks.News {
        try await database.perform(
            PublishNews(
                publisher: context.caller.principal, request: request, newID: ids()),
            for: request, context: context)
    }
}

extension Tasks.CountTasksReply {
    /// The most kinds of a source.
    private static let mostKinds = 100

    /// - Throws: when the counts are another source's, or too many.
    fileprivate func checked(of source: String) throws(BadAnswer) -> Self {
        guard counts.count <= Self.mostKinds, counts.allSatisfy({ $0.source == source }) else {
            throw BadAnswer(reason: "counts that are not its own, or of too many kinds")
        }
        return self
    }
}
