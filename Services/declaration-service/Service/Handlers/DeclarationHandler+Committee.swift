import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage

// The committee's side (D10) besides the decision, which is a TaskSource's, and the HR department's.

extension DeclarationHandler {
    func saveVotes(
        _ request: Declaration.SaveVotesRequest, context: RequestContext
    ) async throws -> Declaration.Votes {
        guard case .party(let party) = try Viewer(context.caller) else {
            throw RPCError(code: .permissionDenied, message: "仅评委会可以进行此操作")
        }
        try context.caller.requireRecorded()
        return try await database.perform(
            SaveVotes(party: party, request: request), for: request, context: context)
    }

    func liftBan(
        _ request: Declaration.LiftBanRequest, context: RequestContext
    ) async throws -> Declaration.LiftBanReply {
        guard let department = context.caller.session, department.role == .hrDepartment else {
            throw RPCError(code: .permissionDenied, message: "仅人社部门可以进行此操作")
        }
        try context.caller.requireRecorded()
        return try await database.perform(
            LiftBan(department: department, request: request, ids: CommandIDs(ids)),
            for: request, context: context, keepForever: true)
    }
}
