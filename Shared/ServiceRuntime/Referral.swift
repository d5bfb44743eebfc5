package import Domain
package import Messages
package import RPC
package import Storage

// Where nobody of a unit may decide, because its only officer is the person concerned, the superior (主管部门) of the unit's
// region may decide in its place (I10). Such a task is the unit's as before; a column names the region that it was referred to.

/// The regions that a superior looks after: the own one, and all within it.
package struct Jurisdiction: Sendable, Hashable {
    private let region: Region

    /// Nil for what is no region's code.
    package init?(region code: String) {
        guard let region = Region(code: code) else { return nil }
        self.region = region
    }

    /// - Parameter column: that holds the region's code, "" for a task that was not referred.
    package func condition(_ column: String) -> (sql: String, arguments: [Value]) {
        let codes = region.codeRange
        return (
            "\(column) <> '' AND \(column) >= ? AND \(column) < ?",
            [.text(codes.first), .text(codes.end)]
        )
    }
}

/// Whose tasks a source lists that has only units' reviews.
package enum ReviewSide: Sendable, Hashable {
    case unit(String)
    case superior(Jurisdiction)

    /// - Throws: for everybody but officers and superiors.
    package init(_ caller: Caller) throws(RPCError) {
        self =
            if let jurisdiction = caller.jurisdiction { .superior(jurisdiction) } else {
                .unit(try caller.officer().unit.id)
            }
    }

    /// Over a table with the columns `unit_id` and `referred_to`.
    package var condition: (sql: String, arguments: [Value]) {
        switch self {
        case .unit(let id): ("unit_id = ?", [.text(id)])
        case .superior(let jurisdiction): jurisdiction.condition("referred_to")
        }
    }
}

extension Caller {
    /// The regions of the signed-in superior; nil for everybody else.
    package var jurisdiction: Jurisdiction? {
        guard let session, session.role == .superior else { return nil }
        return Jurisdiction(region: session.region)
    }

    /// The signed-in superior, who reviews in the place of that unit: nobody else is there to claim from, and nothing but the
    /// review is theirs. Whoever asks has seen that the task was referred to one of the superior's regions.
    package func officer(inPlaceOf unit: Identity.UnitSummary) throws(RPCError) -> Officer {
        guard let session, session.role == .superior else {
            throw RPCError(code: .permissionDenied, message: "仅主管部门可以进行此操作")
        }
        return Officer(
            personID: session.personID, name: session.name, unit: unit, isAdministrator: false,
            personKey: session.personKey, colleagues: 1, mustRecord: session.mustRecordOfficer)
    }
}

extension Identity.ApplyOfficerChangeReply: StorableReply {}

extension Announcement {
    /// What waits of a unit's only officer is the superior's too, from now on: they are told once, however much it is.
    /// - Parameters:
    ///   - count: how many tasks; nobody is told of none.
    ///   - label: the tasks' kind, for people.
    ///   - machine: the tasks' state machine.
    package static func referred(
        _ count: Int64, _ label: String, machine: String, unit: String, to region: String,
        at now: Timestamp
    ) -> Announcement? {
        guard count > 0 else { return nil }
        // Nothing of a unit is referred twice in a millisecond: its changes of officers come one after the other.
        var announcement = Announcement(
            machine: machine, object: unit, version: now.milliseconds)
        announcement.event = "referred"
        announcement.title = "\(label) 转主管部门审核"
        announcement.text =
            "\(count) 项待审核的\(label)由单位唯一的经办人本人提交，本单位无人可以审核，请主管部门办理"
        announcement.recipients = [.superiors(region)]
        return announcement
    }
}

extension Identity.PersonSummary {
    /// The region whose superior reviews in the unit's place, as its only officer is this person; otherwise "".
    package var referral: String { soleOfficer ? unitRegion : "" }
}
