import Attachments
import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

/// Decodes, calls the rules, encodes.
struct DeclarationHandler: Declaration.DeclarationProvider {
    let database: Database
    let clock: any WallClock
    let attachments: AttachmentStore
    let identity: Identity.IdentityClient
    let archive: Archive.ArchiveClient
    let quota: Quota.QuotaClient
    let desk: StepDesk
    let ids: @Sendable () -> String

    // MARK: review plans

    func publishPlan(
        _ request: Declaration.PublishPlanRequest, context: RequestContext
    ) async throws -> Declaration.Plan {
        guard let publisher = context.caller.session else {
            throw RPCError(code: .unauthenticated, message: "请先登录")
        }
        return try await database.perform(
            PublishPlan(
                publisher: publisher, plan: request.plan ?? Declaration.Plan(), newID: ids()),
            for: request, context: context)
    }

    func listPlans(
        _ request: Declaration.ListPlansRequest, context: RequestContext
    ) async throws -> Declaration.ListPlansReply {
        let bounds = try PageBounds(request.page)
        var check = FormCheck()
        let filter = PlanStore.Filter(
            name: check.text(request.name, "name", "计划名称", required: false, longest: 50),
            year: request.year,
            level: check.text(request.level, "level", "评审级别", required: false, longest: 10),
            kind: check.text(request.kind, "kind", "计划类型", required: false, longest: 50),
            openOn: request.openOnly ? CivilDay(clock.now()) : nil)
        try finish(check)
        let (found, total) = try database.fetch { rows in
            (try PlanStore.page(filter, bounds, rows), try PlanStore.count(filter, rows))
        }
        let (page, next) = bounds.page(found) { $0.place }
        return Declaration.ListPlansReply(
            plans: page.map(\.plan), nextCursor: next, total: total)
    }

    func getPlan(
        _ request: Declaration.GetPlanRequest, context: RequestContext
    ) async throws -> Declaration.Plan {
        guard let plan = try database.fetch({ rows in try PlanStore.plan(request.id, rows) })
        else { throw RPCError(serviceError: Refusal.notFound("评审计划")) }
        return plan
    }

    // MARK: 申报情况

    func list(
        _ request: Declaration.ListDeclarationsRequest, context: RequestContext
    ) async throws -> Declaration.ListDeclarationsReply {
        let viewer = try Viewer(context.caller)
        let bounds = try PageBounds(request.page)
        var check = FormCheck()
        let name = check.text(request.name, "name", "姓名", required: false, longest: 50)
        if !Declaration.DeclarationView.allCases.contains(request.view) {
            check.fault("view", "视图", "应为待审核、待领取、已审核、被退回或全部")
        }
        try finish(check)
        let filter = ViewStore.Filter(
            viewer: viewer, view: request.view == .unspecified ? .all : request.view, name: name)
        let (found, views, searched) = try database.fetch { rows in
            (
                try ViewStore.page(filter, bounds, rows),
                try ViewStore.counts(for: viewer, rows),
                name.isEmpty ? nil : try ViewStore.count(filter, rows)
            )
        }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.sortMilliseconds, id: $0.id)
        }
        let chosen = zip(ViewStore.views, views).first { $0.0.view == filter.view }?.1.count
        return Declaration.ListDeclarationsReply(
            rows: page.map { $0.row(for: viewer) }, views: views, nextCursor: next,
            total: searched ?? chosen ?? 0)
    }

    func get(
        _ request: Declaration.GetDeclarationRequest, context: RequestContext
    ) async throws -> Declaration.DeclarationDetail {
        let viewer = try database.viewer(of: request.id, context.caller)
        var found = try detail(request.id, for: viewer)
        found.vacancies = try await outlook(of: request.id, for: viewer)
        return found
    }

    // MARK: what the handlers share

    func finish(_ check: FormCheck) throws(RPCError) {
        guard check.faults.isEmpty else {
            throw RPCError(serviceError: Refusal.invalid(check.faults))
        }
    }

    /// The nine sections, 单位推荐意见 and 流程, all of one moment.
    func detail(
        _ id: String, for viewer: Viewer
    ) throws(RPCError) -> Declaration.DeclarationDetail {
        let now = clock.now()
        let found = try database.fetch { rows -> Declaration.DeclarationDetail? in
            guard let stored = try DeclarationStore.declaration(id, for: viewer, rows)
            else { return nil }
            let declaration = viewer.isApplicant ? stored.corrected : stored
            let items = try DeclarationStore.snapshot(
                id, round: declaration.acceptedRound, rows)
            let before = try SubmissionStore.before(declaration, rows)
            let recommendation =
                viewer.seesRecommendation(of: declaration)
                ? try RecommendationStore.recommendation(of: id, rows) : nil
            return Declaration.DeclarationDetail(
                row: declaration.row(for: viewer), application: declaration.application,
                sections: Sections.of(
                    declaration, items: items, recommendation: recommendation),
                findings: Findings.find(
                    declaration.applicant, declaration.application, items,
                    on: CivilDay(
                        declaration.submittedMilliseconds.map(Timestamp.init(milliseconds:))
                            ?? now)),
                recommendation: recommendation?.message,
                flow: try DeclarationStore.flow(id, rows), defects: declaration.defects,
                correctBy: declaration.correctBy,
                quotaRequired: viewer.quotaRequired(for: declaration),
                quotaLevel: declaration.quotaLevel ?? .unspecified,
                votes: try viewer.seesVotes ? VoteStore.last(of: id, rows)?.message : nil,
                noticeUntil: declaration.noticeUntil,
                differences: before.map {
                    Differences.find($0, declaration, items: items)
                } ?? [], raisedDefects: try SubmissionStore.defects(of: id, rows))
        }
        guard let found else { throw RPCError(serviceError: Refusal.notFound("申报")) }
        return found
    }
}

extension Viewer {
    fileprivate var isApplicant: Bool {
        if case .applicant = self { true } else { false }
    }

    /// The recommendation is the unit's own until an approval hands it on.
    func seesRecommendation(of declaration: StoredDeclaration) -> Bool {
        switch self {
        case .officer, .party: true
        case .applicant: declaration.phase.mayHoldVacancy && !declaration.phase.waitsForUnit
        }
    }

    /// Whether the unit is a public institution: as it is now to its officers, as it was to the applicant.
    func quotaRequired(for declaration: StoredDeclaration) -> Bool {
        switch self {
        case .officer(let officer): officer.unit.quotaRequired
        case .applicant, .party: declaration.unit.quotaRequired
        }
    }

    /// How the experts voted is not the applicant's to know, what came of it is.
    var seesVotes: Bool {
        if case .applicant = self { false } else { true }
    }
}
