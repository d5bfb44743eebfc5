import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// 业绩管理: the tree, the lists and the dialog (manual 3, screens 3-1 to 3-4).

extension ArchiveHandler {
    func getCatalog(
        _ request: Archive.GetCatalogRequest, context: RequestContext
    ) async throws -> Archive.GetCatalogReply {
        catalog.message
    }

    func getTree(
        _ request: Archive.GetTreeRequest, context: RequestContext
    ) async throws -> Archive.GetTreeReply {
        let side = try side(context)
        let counts = try database.fetch { rows in
            try ItemStore.counts(ItemStore.Filter(side: side), rows)
        }
        return Archive.GetTreeReply(
            categories: catalog.categories.map { category in
                Archive.CategoryCount(
                    key: category.key, label: category.label,
                    items: category.kinds.map { kind in
                        let own = counts.filter { $0.kind == kind.key }
                        let open = own.sum { $0 == .reviewing || $0 == .draft }
                        // 已审核 = 全部 − 审核中 (decision 3); a draft is neither.
                        let total = own.sum { _ in true }
                        return Archive.ItemCount(
                            kind: kind.key, label: kind.label, total: total,
                            reviewed: total - open)
                    })
            }, statistics: side.tabs(counts))
    }

    func listItems(
        _ request: Archive.ListItemsRequest, context: RequestContext
    ) async throws -> Archive.ListItemsReply {
        let side = try side(context)
        let bounds = try PageBounds(request.page)
        let filter = try filter(request, side)
        let (items, next, counts) = try database.fetch { rows in
            let (page, next) = bounds.page(
                try ItemStore.page(filter, bounds, rows), cursor: side.cursor)
            return (
                try page.map { try message($0, side, rows) }, next,
                try ItemStore.counts(filter, rows)
            )
        }
        return Archive.ListItemsReply(
            items: items, tabs: side.tabs(counts), nextCursor: next,
            total: counts.sum { filter.phase == nil || $0 == filter.phase })
    }

    /// An applicant sees the own items, an officer those of the unit.
    func side(_ context: RequestContext) throws(RPCError) -> ItemStore.Side {
        if let session = context.caller.session, session.role == .applicant {
            return .applicant(session.personID)
        }
        return .unit(try context.caller.officer().unit.id)
    }

    /// The officer's unit, or the one in whose place the superior reviews the item (I10).
    func reviewingUnit(of item: String, _ caller: Caller) throws(RPCError) -> String {
        guard let jurisdiction = caller.jurisdiction else { return try caller.officer().unit.id }
        let unit = try database.fetch { rows in
            try ReferralStore.unit(of: item, for: jurisdiction, rows)
        }
        guard let unit else { throw RPCError(serviceError: Refusal.notFound("业绩")) }
        return unit
    }

    private func filter(
        _ request: Archive.ListItemsRequest, _ side: ItemStore.Side
    ) throws(RPCError) -> ItemStore.Filter {
        var check = FormCheck()
        let search = check.text(
            request.search, "search", "输入申报人或名称进行查询", required: false, longest: 50)
        if !request.kind.isEmpty, catalog.kind(request.kind) == nil {
            check.fault("kind", "业绩项", "没有这样的业绩项")
        }
        let phase = ItemPhase(rawValue: Int64(request.state.rawValue))
        if request.state != .unspecified, phase == nil {
            check.fault("state", "审核状态", "没有这样的状态")
        }
        guard check.faults.isEmpty else {
            throw RPCError(serviceError: Refusal.invalid(check.faults))
        }
        return ItemStore.Filter(side: side, kind: request.kind, phase: phase, search: search)
    }
}

extension [ItemCount] {
    /// The rows in the states that are asked for.
    fileprivate func sum(_ isWanted: (ItemPhase) -> Bool) -> Int64 {
        reduce(0) { $0 + (isWanted($1.phase) ? $1.items : 0) }
    }
}

extension ItemStore.Side {
    /// 全部, 审核中, 审核通过, 退回; 终止 once it has rows (decision 4); 草稿 for the applicant.
    fileprivate func tabs(_ counts: [ItemCount]) -> [Common.ViewCount] {
        var tabs = [
            Common.ViewCount(view: "all", label: "全部", count: counts.sum { _ in true })
        ]
        for phase in [ItemPhase.reviewing, .approved, .returned, .terminated, .draft] {
            let count = counts.sum { $0 == phase }
            let isShown =
                switch (phase, self) {
                case (.terminated, _): count > 0
                case (.draft, .unit): false
                default: true
                }
            if isShown {
                tabs.append(
                    Common.ViewCount(view: phase.view, label: phase.label, count: count))
            }
        }
        return tabs
    }
}
