import Messages
import RPC
import ServiceRuntime
import Storage

extension Database {
    /// Who looks at the declaration: a superior as the unit's officer while its review is theirs (I10).
    func viewer(of declaration: String, _ caller: Caller) throws(RPCError) -> Viewer {
        guard let jurisdiction = caller.jurisdiction else { return try Viewer(caller) }
        let referred = try fetch { rows -> StoredDeclaration? in
            guard try RoundStore.isReferred(declaration, to: jurisdiction, rows) else {
                return nil
            }
            return try DeclarationStore.declaration(declaration, rows)
        }
        guard let referred, referred.phase.waitsForUnit else { return try Viewer(caller) }
        return .officer(try caller.officer(inPlaceOf: referred.unit))
    }

    /// The officer who works on the declaration, or the superior in the unit's place.
    /// - Throws: `notFound` for a superior to whom it was not referred.
    func reviewer(of declaration: String, _ caller: Caller) throws(RPCError) -> Officer {
        switch try viewer(of: declaration, caller) {
        case .officer(let officer): return officer
        case .party where caller.jurisdiction != nil:
            throw RPCError(serviceError: Refusal.notFound("申报"))
        case .applicant, .party: return try caller.officer()
        }
    }
}
