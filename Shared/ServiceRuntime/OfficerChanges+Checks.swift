import Domain
package import Messages
package import RPC

extension Identity.ApplyOfficerChangeRequest {
    /// The message when it says something: a unit, and who left it or who is alone there and whose superior decides.
    /// - Throws: `invalidArgument` otherwise; the sender's next version may know better.
    package func checked() throws(RPCError) -> Self {
        let namesSomebody = !leftID.isEmpty || !soleKey.isEmpty
        let isReferred = soleKey.isEmpty || Region(code: region) != nil
        guard !unitID.isEmpty, namesSomebody, soleKey.count <= 64, isReferred else {
            throw RPCError(
                code: .invalidArgument,
                message:
                    "a change of officers names a unit, and who left or who is alone in which region",
                verdict: .never)
        }
        return self
    }
}
