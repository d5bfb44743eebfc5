import Domain
package import Messages
package import RPC

extension Identity.ApplyOfficerChangeRequest {
    /// The message when it says something: a unit, and who left it, who is alone there and whose superior decides, or who is no
    /// longer alone.
    /// - Throws: `invalidArgument` otherwise; the sender's next version may know better.
    package func checked() throws(RPCError) -> Self {
        let namesSomebody = !leftID.isEmpty || !soleKey.isEmpty || !accompaniedKey.isEmpty
        let isReferred = soleKey.isEmpty || Region(code: region) != nil
        guard !unitID.isEmpty, namesSomebody, soleKey.count <= 64, accompaniedKey.count <= 64,
            isReferred
        else {
            throw RPCError(
                code: .invalidArgument,
                message:
                    "a change of officers names a unit, and who left, is alone in which region, or is not alone any more",
                verdict: .never)
        }
        return self
    }
}
