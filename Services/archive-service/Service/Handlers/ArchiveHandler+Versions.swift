import Messages
import RPC
import ServiceRuntime
import Storage

// 详情 and 流程 of an item, its submissions and their differences (manual 3, screens 3-3 and 3-4; A8).

extension ArchiveHandler {
    func getItem(
        _ request: Archive.GetItemRequest, context: RequestContext
    ) async throws -> Archive.Item {
        let side: ItemStore.Side =
            context.caller.session?.role == .applicant
            ? try side(context) : .unit(try reviewingUnit(of: request.id, context.caller))
        let found = try database.fetch { rows -> Archive.Item? in
            let found =
                try ItemStore.item(request.id, side, rows)
                ?? ItemStore.former(request.id, side, rows)
            guard var item = found else { return nil }
            var content = ItemContent(
                form: item.form, evidence: try EvidenceStore.files(of: item, side, rows))
            if request.round != 0 {
                guard
                    let old = try VersionStore.submission(
                        of: item.id, request.round, side, rows)
                else { return nil }
                content = old.content
                item.form = old.content.form
                item.mainName = old.mainName
            }
            let before = try VersionStore.lastDecided(
                of: item.id, before: side.round(of: item, asked: request.round), side, rows)
            let kind = catalog.kind(item.kind)
            var message = item.message(
                kind, evidence: content.evidence,
                flow: try ItemStore.flow(item.id, through: item.round, rows))
            message.versions = try VersionStore.history(of: item.id, side, rows)
            if let before {
                message.differences = kind?.differences(from: before.content, to: content) ?? []
                message.comparedRound = before.round
            }
            return message
        }
        guard let found else { throw RPCError(serviceError: Refusal.notFound("业绩")) }
        return found
    }
}

extension ItemStore.Side {
    /// The round that is shown: the one asked for, the last one, or the next one of a form that its applicant works on.
    fileprivate func round(of item: StoredItem, asked: Int64) -> Int64 {
        if asked != 0 { return asked }
        if case .applicant = self, item.phase.submitting != nil { return item.round + 1 }
        return item.round
    }
}
