import Domain
import Messages
import RPC
import ServiceRuntime

/// Where notifications wait for somebody: a person, or those who share a desk. As it is stored: "unit:…".
struct MailboxName: Sendable, Hashable {
    let text: String

    private init(_ text: String) { self.text = text }

    static func person(_ id: String) -> MailboxName { MailboxName("person:\(id)") }
    static func unit(_ id: String) -> MailboxName { MailboxName("unit:\(id)") }
    static func superiors(_ region: String) -> MailboxName { MailboxName("superior:\(region)") }
    static func committee(_ id: String) -> MailboxName { MailboxName("committee:\(id)") }
    static func department(_ region: String) -> MailboxName { MailboxName("department:\(region)") }

    /// Where a message to the mailbox is put: a region's superiors and departments share theirs with those of the regions
    /// around it. None for a kind that this version does not know.
    static func all(for mailbox: Tasks.Mailbox) -> [MailboxName] {
        switch mailbox.kind {
        case .person: [person(mailbox.id)]
        case .unit: [unit(mailbox.id)]
        case .committee: [committee(mailbox.id)]
        case .superior: enclosing(mailbox.id).map(superiors)
        case .department: enclosing(mailbox.id).map(department)
        default: []
        }
    }

    /// The region and those that it lies in.
    private static func enclosing(_ region: String) -> [String] {
        Region(code: region)?.enclosing.map(\.code) ?? [region]
    }
}

/// Whose notifications somebody reads: their own, and those of their desk.
struct NotificationReader: Sendable {
    let personID: String
    let own: MailboxName
    /// ``own`` where there is no desk.
    let shared: MailboxName

    /// - Throws: `permissionDenied` without a user.
    init(_ caller: Caller) throws(RPCError) {
        guard let session = caller.session, !session.personID.isEmpty else {
            throw RPCError(code: .permissionDenied, message: "没有进行此操作的权限")
        }
        personID = session.personID
        own = .person(session.personID)
        shared =
            switch session.role {
            case .unitAdministrator, .unitReviewer: session.unit.map { .unit($0.id) } ?? own
            case .superior where !session.region.isEmpty: .superiors(session.region)
            case .committee where !session.committeeID.isEmpty: .committee(session.committeeID)
            case .hrDepartment where !session.region.isEmpty: .department(session.region)
            default: own
            }
    }
}
