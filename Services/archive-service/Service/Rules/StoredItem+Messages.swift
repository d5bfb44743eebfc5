import Messages
import ServiceRuntime
import Storage

extension Archive.Item: StorableReply {}

extension StoredItem {
    /// As it travels.
    /// - Parameters:
    ///   - kind: what the catalogue says of it; nil for a kind that the deployment does not know any more.
    ///   - flow: empty in lists.
    func message(
        _ kind: ItemKind?, evidence: [Common.Attachment], flow: [StoredFlowStep] = []
    ) -> Archive.Item {
        Archive.Item(
            id: id, kind: self.kind, kindLabel: kind?.label ?? self.kind, personID: personID,
            applicantName: applicant.name, applicantSex: applicant.sex,
            applicantIDMasked: applicant.idMasked, unitID: submission?.unitID ?? "",
            state: phase.message, stateLabel: phase.label, version: version, round: round,
            submittedMs: submission?.atMilliseconds ?? 0, mainName: mainName,
            listCells: kind?.cells(form) ?? [], values: kind?.shown(form) ?? [],
            evidence: evidence, flow: flow.map(\.message),
            taskID: phase == .reviewing ? taskID.text : "")
    }

    /// For the audit: nothing here is personal.
    var audited: [(String, String)] {
        [
            ("kind", kind), ("state", phase.view), ("version", "\(version)"),
            ("round", "\(round)"), ("unit", submission?.unitID ?? ""),
        ]
    }
}
