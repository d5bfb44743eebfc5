import Messages
import RPC
import ServiceRuntime
import Storage

// 撤回申请 (A7, manual 3.3).

extension ArchiveHandler {
    func requestWithdrawal(
        _ request: Archive.RequestWithdrawalRequest, context: RequestContext
    ) async throws -> Archive.Withdrawal {
        let person = try context.caller.applicant()
        let summary = try await describe(person)
        return try await database.perform(
            RequestWithdrawal(
                personID: person, request: request, catalog: catalog, newID: ids(),
                person: summary),
            for: request, context: context)
    }

    func cancelWithdrawal(
        _ request: Archive.CancelWithdrawalRequest, context: RequestContext
    ) async throws -> Archive.Withdrawal {
        try await database.perform(
            CancelWithdrawal(
                personID: try context.caller.applicant(), request: request, catalog: catalog),
            for: request, context: context)
    }

    func listWithdrawals(
        _ request: Archive.ListWithdrawalsRequest, context: RequestContext
    ) async throws -> Archive.ListWithdrawalsReply {
        let bounds = try PageBounds(request.page)
        let filter = try filter(request, try withdrawals(of: context))
        let (page, next, counts) = try database.fetch { rows in
            let (page, next) = bounds.page(try WithdrawalStore.page(filter, bounds, rows)) {
                PageCursor(sort: $0.enteredMilliseconds, id: $0.id)
            }
            return (page, next, try WithdrawalStore.counts(filter, rows))
        }
        let all = counts.values.reduce(0, +)
        return Archive.ListWithdrawalsReply(
            withdrawals: page.map { $0.message(catalog) },
            tabs: [Common.ViewCount(view: "all", label: "全部", count: all)]
                + WithdrawalPhase.allCases.map {
                    Common.ViewCount(view: $0.view, label: $0.label, count: counts[$0] ?? 0)
                },
            nextCursor: next, total: filter.phase.map { counts[$0] ?? 0 } ?? all)
    }

    func getWithdrawal(
        _ request: Archive.GetWithdrawalRequest, context: RequestContext
    ) async throws -> Archive.Withdrawal {
        let side = try withdrawals(of: context)
        let found = try database.fetch { rows in
            try WithdrawalStore.withdrawal(request.id, side, rows)
        }
        guard let found else { throw RPCError(serviceError: Refusal.notFound("撤回申请")) }
        return found.message(catalog)
    }

    /// An applicant sees the own requests, an officer those to the unit, a superior what was referred.
    private func withdrawals(
        of context: RequestContext
    ) throws(RPCError) -> WithdrawalStore.Side {
        if let jurisdiction = context.caller.jurisdiction { return .superior(jurisdiction) }
        return switch try side(context) {
        case .applicant(let person): .applicant(person)
        case .unit(let unit): .unit(unit)
        }
    }

    private func filter(
        _ request: Archive.ListWithdrawalsRequest, _ side: WithdrawalStore.Side
    ) throws(RPCError) -> WithdrawalStore.Filter {
        var check = FormCheck()
        let search = check.text(
            request.search, "search", "输入申报人或名称进行查询", required: false, longest: 50)
        let phase = WithdrawalPhase(rawValue: Int64(request.state.rawValue))
        if request.state != .unspecified, phase == nil {
            check.fault("state", "状态", "没有这样的状态")
        }
        guard check.faults.isEmpty else {
            throw RPCError(serviceError: Refusal.invalid(check.faults))
        }
        return WithdrawalStore.Filter(side: side, phase: phase, search: search)
    }
}
