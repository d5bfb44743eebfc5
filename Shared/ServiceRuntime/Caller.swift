package import Messages
package import RPC

/// Who makes a call: an authenticated service, a signed-in user, both (a service on a user's behalf), or nobody known.
package struct Caller: Sendable {
    /// The kind of the authenticated peer, "declaration-service"; nil for an anonymous one.
    package let service: String?
    /// The user behind the call's session; nil when the call carries none.
    package let session: Identity.Session?

    package init(service: String?, session: Identity.Session?) {
        self.service = service
        self.session = session
    }

    /// The scope of idempotency keys and the actor of audit rows.
    package var principal: String {
        if let session { return "person:\(session.personID)" }
        return "service:\(service ?? "anonymous")"
    }
}

/// A signed-in officer of a unit.
package struct Officer: Sendable {
    package let personID: String
    package let name: String
    package let unit: Identity.UnitSummary
    package let isAdministrator: Bool
    /// Keyed index of the officer's ID number, to refuse decisions on oneself; empty until recorded.
    package let personKey: [UInt8]
    /// How many active officers the unit has.
    package let colleagues: Int
    let mustRecord: Bool

    /// Decisions need the officer's name and ID number on record (I10).
    package func requireRecorded() throws(RPCError) {
        if mustRecord { throw .officerNotRecorded }
    }
}

extension RPCError {
    /// Who decides has to be known first, so that nobody decides on themselves.
    fileprivate static var officerNotRecorded: RPCError {
        RPCError(
            code: .failedPrecondition,
            message: "请先登记经办人姓名和身份证号码，再进行审核 (Identity/RecordOfficer)")
    }
}

extension Caller {
    /// As an officer's: whoever decides, in any role, has name and ID number on record (I10). Those who record none pass.
    package func requireRecorded() throws(RPCError) {
        if session?.mustRecordOfficer == true { throw .officerNotRecorded }
    }

    /// The signed-in unit officer; the access rule of the method admits nobody else.
    package func officer() throws(RPCError) -> Officer {
        guard let session, let unit = session.unit,
            session.role == .unitAdministrator || session.role == .unitReviewer
        else {
            throw RPCError(code: .permissionDenied, message: "仅用人单位可以进行此操作")
        }
        return Officer(
            personID: session.personID, name: session.name, unit: unit,
            isAdministrator: session.role == .unitAdministrator, personKey: session.personKey,
            colleagues: Int(session.unitOfficers), mustRecord: session.mustRecordOfficer)
    }

    /// The person id of the signed-in applicant.
    package func applicant() throws(RPCError) -> String {
        guard let session, session.role == .applicant else {
            throw RPCError(code: .permissionDenied, message: "仅申报人可以进行此操作")
        }
        return session.personID
    }
}

extension RequestContext {
    /// Who calls, as admission resolved it.
    package var caller: Caller {
        guard let caller = attachment as? Caller else {
            preconditionFailure("\(method.name) runs without admission")
        }
        return caller
    }
}
