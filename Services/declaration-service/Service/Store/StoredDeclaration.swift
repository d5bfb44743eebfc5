import Domain
import Messages
import ServiceRuntime

/// What is stored of a declaration, with its plan.
struct StoredDeclaration: Sendable, Hashable {
    let id: String
    let personID: String
    /// Keyed index of the applicant's ID number.
    var personKey: [UInt8]
    /// The applicant as registered at the last submission, or at the draft; numbers are masked.
    var applicant: Identity.PersonSummary
    /// The unit of the last submission; its id is empty before.
    var unit: Identity.UnitSummary
    var plan: Declaration.Plan
    var phase: DeclarationPhase
    /// Steps by one with every change.
    var version: Int64
    /// Steps by one with every submission, also one that the archive refused, and with every review node that it
    /// enters after the unit; 0 for a draft.
    var round: Int64
    /// The last round that entered review: its items are frozen, and pinned in the archive. 0 = none.
    var acceptedRound: Int64
    /// Of the lists: when it was submitted last; of a draft, when it was made.
    var sortMilliseconds: Int64
    /// Nil until it entered review; the unit sees nothing of it before.
    var submittedMilliseconds: Int64?
    var application: Declaration.Application
    /// Archive items that it refers to; empty = all approved ones.
    var itemIDs: [String]
    var claim: Claim?
    /// The step that waits for another service's answer; other events are refused meanwhile (decision 14).
    var waitingStep: String?
    /// Ever decided by its unit: 已审核.
    var wasReviewed: Bool
    /// The vacancy that it holds in quota-service.
    var reservation: Reservation?
    /// 一次性告知 of the last return.
    var defects: [String]
    /// Last day to correct it, "" when it was not returned.
    var correctBy: String
    /// Last day of the public notice that runs, "" when none does.
    var noticeUntil = ""
    /// What the applicant made of it since it was returned: application and items. Nobody else sees it before it is
    /// submitted and accepted.
    var correction: Declaration.SaveDraftRequest?

    struct Claim: Sendable, Hashable {
        let officerID: String
        let officerName: String
    }

    struct Reservation: Sendable, Hashable {
        /// The id of the decision that reserved it.
        let id: String
        let round: Int64
    }

    /// Counts against the person's one declaration in flight: also while the archive is asked for a first round.
    var isInFlight: Bool { phase.isInFlight || waitingStep != nil }

    var isVisibleToUnit: Bool { submittedMilliseconds != nil }

    /// 状态 of the lists.
    var status: String { waitingStep == nil ? phase.status : "办理中" }

    /// The task of the current round.
    var taskID: TaskID { TaskID(declaration: id, round: round) }
}

/// "declaration:<id>:<round>".
extension TaskID {
    static let source = "declaration"

    init(declaration: String, round: Int64) {
        self.init(source: Self.source, object: declaration, round: round)
    }

    /// Nil when the text is no task of this source.
    init?(_ text: String) { self.init(text, of: Self.source) }
}

extension StoredDeclaration {
    /// As the viewer sees it. What waits unclaimed is a sole officer's own already (decision 2): a unit
    /// with one officer claims by itself, which is stored with the officer's first event.
    func seen(by viewer: Viewer) -> StoredDeclaration {
        if case .applicant = viewer { return corrected }
        guard case .officer(let officer) = viewer, officer.isAlone, phase == .unitPool else {
            return self
        }
        var own = self
        own.phase = .unitReview
        own.claim = Claim(officerID: officer.personID, officerName: officer.name)
        return own
    }

    /// As the applicant made it last: what the next submission says.
    var corrected: StoredDeclaration {
        var own = self
        own.correction = nil
        if let correction {
            own.application = correction.application ?? application
            own.itemIDs = correction.itemIDs
        }
        return own
    }

    /// The row of 申报情况.
    func row(for viewer: Viewer) -> Declaration.DeclarationRow {
        let seen = seen(by: viewer)
        return Declaration.DeclarationRow(
            id: id, year: plan.year, applicantID: personID, applicantName: applicant.name,
            sex: applicant.sex, planID: plan.id, planName: plan.name,
            form: seen.application.form, specialty: seen.application.specialty,
            title: seen.application.title, level: seen.application.level,
            submittedMs: submittedMilliseconds ?? 0, node: seen.phase.node,
            state: seen.phase.message, status: seen.status, version: version, round: round,
            claimedBy: seen.claim?.officerID ?? "", claimedByName: seen.claim?.officerName ?? "",
            taskID: viewer.hasTask(of: self) ? taskID.text : "")
    }
}

extension Viewer {
    /// Whether it waits for them; the applicant is told what waits for the unit.
    fileprivate func hasTask(of declaration: StoredDeclaration) -> Bool {
        guard let desk = declaration.desk else { return false }
        if case .applicant = self { return declaration.phase.waitsForUnit }
        return desks.names.contains(desk)
    }
}

extension Officer {
    /// The unit has no other officer.
    var isAlone: Bool { colleagues == 1 }

    /// What the officer may act as.
    var actors: Set<DeclarationActor> {
        isAdministrator ? [.unitReviewer, .unitAdministrator] : [.unitReviewer]
    }
}
