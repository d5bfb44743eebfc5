import Messages
import RPC
import ServiceRuntime

/// Whose tasks are asked for: an officer's unit, the superiors of a region, a committee. What their tasks are is the
/// sources' to know.
struct ReviewDesk: Sendable {
    let personID: String
    /// Under which last known rows are kept: the unit's id, or what no unit's id can be.
    let id: String

    /// - Throws: `permissionDenied` for everybody else.
    init(_ caller: Caller) throws(RPCError) {
        switch caller.session.map({ ($0.role, $0) }) {
        case (.superior, let session)? where !session.region.isEmpty:
            personID = session.personID
            id = "superior:\(session.region)"
        case (.committee, let session)? where !session.committeeID.isEmpty:
            personID = session.personID
            id = "committee:\(session.committeeID)"
        default:
            let officer = try caller.officer()
            personID = officer.personID
            id = officer.unit.id
        }
    }
}
