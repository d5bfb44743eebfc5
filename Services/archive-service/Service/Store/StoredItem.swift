import Messages
import ServiceRuntime

/// What is stored of an item, as one side sees it: the applicant the working form, the unit the form last submitted.
struct StoredItem: Sendable, Hashable {
    let id: String
    let personID: String
    let kind: String
    var phase: ItemPhase
    /// Steps by one with every change of the form or the state.
    var version: Int64
    /// How often it was submitted.
    var round: Int64
    let createdMilliseconds: Int64
    var form: ItemForm
    var mainName: String
    var applicant: Applicant
    /// Of the last submission; nil before the first.
    var submission: Submission?

    /// The applicant as the list and the dialog show them.
    struct Applicant: Sendable, Hashable {
        var name: String
        /// "" before the first submission, as the masked number.
        var sex = ""
        var idMasked = ""
    }

    struct Submission: Sendable, Hashable {
        var unitID: String
        /// 申报日期.
        var atMilliseconds: Int64
    }

    /// The task of the current round.
    var taskID: TaskID { TaskID(item: id, round: round) }

    /// Where it is counted; nil for drafts.
    var counted: CountedPlace? {
        guard phase != .draft, let submission else { return nil }
        return CountedPlace(unitID: submission.unitID, kind: kind, phase: phase)
    }
}

/// A unit's tab of a kind's list.
struct CountedPlace: Sendable, Hashable {
    let unitID: String
    let kind: String
    let phase: ItemPhase
}

/// "archive:<item>:<round>".
extension TaskID {
    static let source = "archive"

    init(item: String, round: Int64) {
        self.init(source: Self.source, object: item, round: round)
    }

    /// Nil when the text is no task of this source.
    init?(_ text: String) { self.init(text, of: Self.source) }
}

/// One submission of an item: a task of the unit, and the version that was reviewed.
struct StoredVersion: Sendable, Hashable {
    let id: TaskID
    /// The item's version to decide on.
    let version: Int64
    let kind: String
    let unitID: String
    let personID: String
    /// Keyed index of the applicant's ID number.
    let personKey: [UInt8]
    let applicantName: String
    let mainName: String
    let form: ItemForm
    /// When it entered review: the task's sort key for ever.
    let enteredMilliseconds: Int64
    /// The region whose superior may decide in the unit's place (I10); "" for none.
    let referredTo: String
    let decision: StoredDecision?
    /// Taken back by its applicant before anybody decided: no task any more.
    var isRetracted = false

    /// As a list of tasks has it.
    var listed: ListedVersion {
        ListedVersion(
            id: id, version: version, kind: kind, personID: personID,
            applicantName: applicantName, mainName: mainName,
            enteredMilliseconds: enteredMilliseconds, decision: decision)
    }
}

/// As much of a ``StoredVersion`` as a list of tasks shows: a page reads no more.
struct ListedVersion: Sendable, Hashable {
    let id: TaskID
    let version: Int64
    let kind: String
    let personID: String
    let applicantName: String
    let mainName: String
    let enteredMilliseconds: Int64
    let decision: StoredDecision?
}

/// One step of an item's flow (流程).
struct StoredFlowStep: Sendable, Hashable {
    let node: String
    let action: String
    let actorID: String
    let actorName: String
    let opinion: String
    let atMilliseconds: Int64

    var message: Common.FlowStep {
        Common.FlowStep(
            node: node, action: action, actorName: actorName, opinion: opinion,
            atMs: atMilliseconds)
    }
}

/// The nodes of an item's flow.
enum FlowNode {
    static let applicant = "申报人"
    static let unit = "单位审核"
}
