import ServiceRuntime
import Storage

/// Where a declaration is. The raw values are those of `Declaration.DeclarationState`, and are stored.
enum DeclarationPhase: Int64, CaseIterable, Sendable {
    /// → unitPool, withdrawn; or deleted. Never visible to the unit.
    case draft = 1
    /// With the unit, claimed by nobody. → unitReview, withdrawn.
    case unitPool = 2
    /// Claimed by an officer. → unitPool, unitPublicity, superiorReview, returnedToApplicant, terminated, withdrawn.
    case unitReview = 3
    /// The unit's public notice runs. → unitReview, withdrawn.
    case unitPublicity = 4
    /// → committeeCheck, returnedToUnit, returnedToApplicant, terminated, withdrawn.
    case superiorReview = 5
    /// → expertReview, returnedToApplicant, terminated, withdrawn.
    case committeeCheck = 6
    /// → resultPublicity, failed, returnedToApplicant, terminated.
    case expertReview = 7
    /// → passed, failed, returnedToApplicant, terminated.
    case resultPublicity = 8
    /// Final.
    case passed = 9
    /// Final.
    case failed = 10
    /// → unitPool, lapsed, withdrawn.
    case returnedToApplicant = 11
    /// → superiorReview, returnedToApplicant, terminated, withdrawn.
    case returnedToUnit = 12
    /// Final.
    case terminated = 13
    /// Final.
    case withdrawn = 14
    /// Final.
    case lapsed = 15

    /// Nothing happens to it any more.
    var isFinal: Bool {
        switch self {
        case .passed, .failed, .terminated, .withdrawn, .lapsed: true
        default: false
        }
    }

    /// A draft does not count: a person may have several of those, but one declaration in flight.
    var isInFlight: Bool { self != .draft && !isFinal }

    /// The applicant may change what is filled in: before submitting, and to correct what was returned.
    var isEditable: Bool { self == .draft || self == .returnedToApplicant }

    /// It may hold a vacancy: from the unit's approval on, also when it is returned to the unit (decision 6).
    var mayHoldVacancy: Bool {
        switch self {
        case .superiorReview, .committeeCheck, .expertReview, .resultPublicity, .returnedToUnit,
            .passed:
            true
        default: false
        }
    }

    /// It waits for its unit: a task of the unit's task centre.
    var waitsForUnit: Bool {
        switch self {
        case .unitPool, .unitReview, .unitPublicity, .returnedToUnit: true
        default: false
        }
    }
}

/// What may happen to a declaration. The raw values are the names in flows and audit rows.
enum DeclarationEvent: String, CaseIterable, Sendable {
    case submit, edit, delete, claim, release
    case openPublicity = "open_publicity"
    case closePublicity = "close_publicity"
    case approve
    case returned = "return"
    case terminate, resubmit, deadline
    case returnToUnit = "return_unit"
    case returnToApplicant = "return_applicant"
    case reapprove, accept
    case votePass = "vote_pass"
    case voteFail = "vote_fail"
    case confirm
    case objectionUpheld = "objection_upheld"
    case withdraw
}

/// Who may make it happen.
enum DeclarationActor: String, CaseIterable, Sendable {
    case applicant
    case unitReviewer = "unit_reviewer"
    case unitAdministrator = "unit_admin"
    case superior, committee, system
}

/// The whole state machine as a table; guards beyond state and actor are in the commands.
enum DeclarationMachine {
    /// What a transition leads to.
    enum Target: Sendable, Hashable {
        case phase(DeclarationPhase)
        case deleted
    }

    /// What the table says of (state, event, actor).
    enum Verdict: Sendable, Hashable {
        case allowed(Target)
        /// The state knows the event, but another party's.
        case otherActor
        /// The state does not know the event.
        case impossible
    }

    struct Transition: Sendable {
        let from: Set<DeclarationPhase>
        let event: DeclarationEvent
        let target: Target
        let actors: Set<DeclarationActor>
    }

    static func verdict(
        _ phase: DeclarationPhase, _ event: DeclarationEvent, by actors: Set<DeclarationActor>
    ) -> Verdict {
        let candidates = transitions.filter { $0.event == event && $0.from.contains(phase) }
        guard !candidates.isEmpty else { return .impossible }
        guard let transition = candidates.first(where: { !$0.actors.isDisjoint(with: actors) })
        else { return .otherActor }
        return .allowed(transition.target)
    }

    private static func row(
        _ from: Set<DeclarationPhase>, _ event: DeclarationEvent, _ to: DeclarationPhase,
        _ actors: Set<DeclarationActor>
    ) -> Transition {
        Transition(from: from, event: event, target: .phase(to), actors: actors)
    }

    static let transitions: [Transition] = [
        // The applicant
        row([.draft], .submit, .unitPool, [.applicant]),
        row([.draft], .edit, .draft, [.applicant]),
        Transition(from: [.draft], event: .delete, target: .deleted, actors: [.applicant]),
        row([.returnedToApplicant], .resubmit, .unitPool, [.applicant]),
        row([.returnedToApplicant], .deadline, .lapsed, [.system]),
        row(
            [
                .draft, .unitPool, .unitReview, .unitPublicity, .returnedToUnit,
                .returnedToApplicant, .superiorReview, .committeeCheck,
            ], .withdraw, .withdrawn, [.applicant]),
        // The unit
        row([.unitPool], .claim, .unitReview, [.unitReviewer]),
        row([.unitReview], .release, .unitPool, [.unitReviewer, .unitAdministrator]),
        row([.unitReview], .openPublicity, .unitPublicity, [.unitReviewer]),
        row([.unitPublicity], .closePublicity, .unitReview, [.system, .unitReviewer]),
        row([.unitReview], .approve, .superiorReview, [.unitReviewer]),
        row([.unitReview], .returned, .returnedToApplicant, [.unitReviewer]),
        row([.unitReview], .terminate, .terminated, [.unitReviewer]),
        row([.returnedToUnit], .reapprove, .superiorReview, [.unitReviewer]),
        row([.returnedToUnit], .returned, .returnedToApplicant, [.unitReviewer]),
        row([.returnedToUnit], .terminate, .terminated, [.unitReviewer]),
        // The superior
        row([.superiorReview], .approve, .committeeCheck, [.superior]),
        row([.superiorReview], .returnToUnit, .returnedToUnit, [.superior]),
        row([.superiorReview], .returnToApplicant, .returnedToApplicant, [.superior]),
        row([.superiorReview], .terminate, .terminated, [.superior]),
        // The committee
        row([.committeeCheck], .accept, .expertReview, [.committee]),
        row([.expertReview], .votePass, .resultPublicity, [.committee]),
        row([.expertReview], .voteFail, .failed, [.committee]),
        row([.resultPublicity], .confirm, .passed, [.committee]),
        row([.resultPublicity], .objectionUpheld, .failed, [.committee]),
        row(
            [.committeeCheck, .expertReview, .resultPublicity], .returnToApplicant,
            .returnedToApplicant, [.committee]),
        row(
            [.committeeCheck, .expertReview, .resultPublicity], .terminate, .terminated,
            [.committee]),
    ]
}
