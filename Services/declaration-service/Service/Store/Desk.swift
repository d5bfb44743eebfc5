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

/// The desks of somebody: one as a rule, and those of all its counties for the superiors of a city.
struct Desks: Sendable, Hashable {
    let names: [String]
    /// Rounds of units that were referred to a superior of these regions count as theirs (I10).
    var referrals: Jurisdiction?

    static func one(_ desk: String) -> Desks { Desks(names: [desk]) }

    /// Of the region and of all that lies within.
    static func superiors(of region: Region) -> Desks {
        let counties = region.children.flatMap { [$0] + $0.children }
        return Desks(
            names: ([region] + counties).map { Desk.superiors(of: $0.code) },
            referrals: Jurisdiction(region: region.code))
    }

    /// - Parameter column: that holds a desk's name.
    func condition(_ column: String) -> (sql: String, arguments: [Value]) {
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        return (
            names.count == 1 ? "\(column) = ?" : "\(column) IN (\(marks))",
            names.map { .text($0) }
        )
    }

    /// The rounds that are theirs.
    /// - Parameter rounds: what the table of rounds is called, with a dot: "r.".
    func condition(rounds: String) -> (sql: String, arguments: [Value]) {
        let own = condition("\(rounds)desk")
        guard let referrals else { return own }
        let referred = referrals.condition("\(rounds)referred_to")
        return ("(\(own.sql) OR \(referred.sql))", own.arguments + referred.arguments)
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
        case .superior:
            guard let region = Region(code: session.region) else { return nil }
            actor = .superior
            desks = .superiors(of: region)
        case .committee where !session.committeeID.isEmpty:
            actor = .committee
            desks = .one(Desk.committee(session.committeeID))
        default: return nil
        }
        personID = session.personID
        name = session.name
        personKey = session.personKey
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

    /// "" for an applicant, who does nothing in their own name here.
    var name: String {
        switch self {
        case .applicant: ""
        case .officer(let officer): officer.name
        case .party(let party): party.name
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
