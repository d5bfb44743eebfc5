import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

/// Where a review round waits. A unit's desk has the unit's id; the later nodes' desks are named after who
/// reviews there.
enum Desk {
    static func superiors(of region: String) -> String { "superior:\(region)" }
    static func committee(_ id: String) -> String { "committee:\(id)" }
}

/// The desks of somebody.
enum Desks: Sendable, Hashable {
    case one(String)
    /// All whose names begin so: the superiors of a city have those of its counties too.
    case beginning(String)

    func contains(_ desk: String) -> Bool {
        switch self {
        case .one(let own): desk == own
        case .beginning(let start): desk.hasPrefix(start)
        }
    }

    /// - Parameter column: that holds a desk's name.
    func condition(_ column: String) -> (sql: String, arguments: [Value]) {
        switch self {
        case .one(let own): ("\(column) = ?", [.text(own)])
        // A tilde sorts behind every digit and letter.
        case .beginning(let start):
            ("\(column) >= ? AND \(column) < ?", [.text(start), .text(start + "~")])
        }
    }
}

/// The signed-in account of a later node: a superior of a region, or a committee (I10).
struct Party: Sendable {
    let personID: String
    let name: String
    /// Keyed index of the ID number, to refuse decisions on oneself.
    let personKey: [UInt8]
    let actor: DeclarationActor
    let desks: Desks

    /// Nil for every other role, and for an account without its region or committee.
    init?(_ session: Identity.Session) {
        switch session.role {
        case .superior where Region(code: session.region) != nil:
            actor = .superior
            desks = .beginning(Desk.superiors(of: Self.stem(of: session.region)))
        case .committee where !session.committeeID.isEmpty:
            actor = .committee
            desks = .one(Desk.committee(session.committeeID))
        default: return nil
        }
        personID = session.personID
        name = session.name
        personKey = session.personKey
    }

    /// What the codes of all that lies within a region begin with.
    private static func stem(of region: String) -> String {
        var stem = region
        while stem.hasSuffix("00") { stem.removeLast(2) }
        return stem
    }
}

/// Whose eyes see a declaration.
enum Viewer: Sendable {
    case applicant(personID: String)
    case officer(Officer)
    case party(Party)

    /// - Throws: for roles that have nothing to do with single declarations.
    init(_ caller: Caller) throws(RPCError) {
        if let session = caller.session {
            if session.role == .applicant {
                self = .applicant(personID: session.personID)
                return
            }
            if let party = Party(session) {
                self = .party(party)
                return
            }
        }
        self = .officer(try caller.officer())
    }

    /// Whose review rounds they work on; an applicant on nobody's.
    var desks: Desks {
        switch self {
        case .applicant: .one("")
        case .officer(let officer): .one(officer.unit.id)
        case .party(let party): party.desks
        }
    }

    var personID: String {
        switch self {
        case .applicant(let personID): personID
        case .officer(let officer): officer.personID
        case .party(let party): party.personID
        }
    }

    /// The unit's officer is alone: what nobody claimed is theirs (decision 2).
    var isAlone: Bool {
        if case .officer(let officer) = self { officer.isAlone } else { false }
    }
}

extension StoredDeclaration {
    /// Where it waits for a review; nil when it does not.
    var desk: String? {
        switch phase {
        case .unitPool, .unitReview, .unitPublicity, .returnedToUnit: unit.id
        case .superiorReview: Desk.superiors(of: unit.region)
        case .committeeCheck, .expertReview, .resultPublicity: Desk.committee(plan.committeeID)
        case .draft, .returnedToApplicant, .passed, .failed, .terminated, .withdrawn, .lapsed: nil
        }
    }
}
