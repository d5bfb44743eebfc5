import Messages
import RPC
import ServiceRuntime
import Storage

// 批量导入 of the applicant's own items (E2).

extension ArchiveHandler {
    func importItems(
        _ request: Archive.ImportItemsRequest, context: RequestContext
    ) async throws -> Archive.ImportItemsReply {
        let person = try context.caller.applicant()
        guard !request.checkOnly else {
            let items = try database.fetch { rows in try ItemStore.count(of: person, rows) }
            do {
                return try ImportItems.check(request, catalog: catalog, items: items)
            } catch {
                throw RPCError(serviceError: error)
            }
        }
        // More rows are refused by the rules; they need no ids.
        let rows = min(request.rows.count, ImportItems.mostRows)
        return try await database.perform(
            ImportItems(
                applicant: SaveItem.Applicant(
                    personID: person, name: context.caller.session?.name ?? ""),
                request: request, catalog: catalog, newIDs: (0..<rows).map { _ in ids() }),
            for: request, context: context)
    }
}
