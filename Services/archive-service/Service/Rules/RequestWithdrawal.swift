import Domain
import Messages
import ServiceRuntime
import Storage

extension Archive.Withdrawal: StorableReply {}

/// 撤回申请 by the applicant: an approved item is to come back, to be corrected (A7).
/// The unit that approved it decides, wherever the person is by then.
struct RequestWithdrawal: Command {
    /// The longest reason, in characters.
    static let longestReason = 2_000
    /// The most requests of one item, over all its life.
    static let mostRequests: Int64 = 100

    let personID: String
    let request: Archive.RequestWithdrawalRequest
    let catalog: Catalog
    /// Of the request, should it be made.
    let newID: String
    /// What identity-service said of the person right before; nil when it knows nobody registered.
    let person: Identity.PersonSummary?

    struct Facts: Sendable {
        let item: StoredItem?
        /// What was approved.
        let version: StoredVersion?
        let requests: Int64
        let isWaiting: Bool
        let isReferred: Bool
        /// Until when nothing is submitted to the unit that approved it.
        let held: Int64?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let item = try ItemStore.item(request.itemID, .applicant(personID), rows)
        let (requests, isWaiting) = try WithdrawalStore.requests(of: request.itemID, rows)
        return Facts(
            item: item,
            version: try item.flatMap { item in
                try VersionStore.version(
                    item.taskID, .unit(item.submission?.unitID ?? ""), rows)
            },
            requests: requests, isWaiting: isWaiting,
            isReferred: try item.map { try PinStore.isPinned($0.id, version: $0.version, rows) }
                ?? false,
            held: try item?.submission.flatMap { try HeldUnits.until($0.unitID, rows) })
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Archive.Withdrawal> {
        guard let item = facts.item else { throw .notFound("业绩") }
        guard item.phase.after(.withdrawalGranted) != nil, let version = facts.version else {
            throw .precondition("只有审核通过的业绩可以申请撤回，该业绩\(item.phase.label)")
        }
        guard item.version == request.expectedVersion else {
            throw .conflict(current: item.version)
        }
        // What is known of the person's present unit says nothing of an earlier one.
        let present = person.flatMap { $0.unitID == version.unitID ? $0 : nil }
        try present?.requireReviewingUnit(held: facts.held, at: now)
        try HeldUnits.requireFree(facts.held, at: now)
        guard !facts.isWaiting else { throw .exists("该业绩已有待处理的撤回申请") }
        guard facts.requests < Self.mostRequests else {
            throw .precondition("一项业绩最多申请撤回 \(Self.mostRequests) 次")
        }
        var check = FormCheck()
        let reason = check.text(
            request.reason, "reason", "撤回原因", required: true, longest: Self.longestReason,
            hasLines: true)
        try check.finish()
        let withdrawal = StoredWithdrawal(
            id: newID, itemID: item.id, itemVersion: item.version, kind: item.kind,
            mainName: version.mainName, unitID: version.unitID, personID: personID,
            personKey: version.personKey, applicantName: version.applicantName, reason: reason,
            phase: .new, version: 1, enteredMilliseconds: now.milliseconds,
            isReferred: facts.isReferred, referredTo: present?.referral ?? "")
        return Plan(
            writes: WithdrawalStore.open(withdrawal) + [
                ItemStore.append(
                    withdrawal.step("申请撤回", opinion: reason, at: now), to: item.id)
            ],
            messages: [
                Announcement.of(
                    withdrawal, by: personID, task: withdrawal.task(catalog),
                    region: present?.unitRegion ?? ""
                ).message
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "archive.withdrawal.request",
                    object: "withdrawal:\(newID)", after: withdrawal.audited)
            ], reply: withdrawal.message(catalog))
    }
}

/// The applicant takes the request back, while it waits.
struct CancelWithdrawal: Command {
    let personID: String
    let request: Archive.CancelWithdrawalRequest
    let catalog: Catalog

    func read(_ rows: any RowReader) throws -> StoredWithdrawal? {
        try WithdrawalStore.withdrawal(request.id, .applicant(personID), rows)
    }

    func decide(
        _ found: StoredWithdrawal?, at now: Timestamp
    ) throws(Refusal) -> Plan<Archive.Withdrawal> {
        guard let found else { throw .notFound("撤回申请") }
        guard let next = found.phase.after(.cancel) else {
            throw .precondition("撤回申请\(found.phase.label)，不能取消")
        }
        guard found.version == request.expectedVersion else {
            throw .conflict(current: found.version)
        }
        var cancelled = found
        cancelled.phase = next
        cancelled.version += 1
        cancelled.cancelledMilliseconds = now.milliseconds
        return Plan(
            writes: WithdrawalStore.close(cancelled) + [
                ItemStore.append(cancelled.step("取消撤回", at: now), to: found.itemID)
            ],
            messages: [Announcement.of(cancelled, by: personID).message],
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "archive.withdrawal.cancel",
                    object: "withdrawal:\(found.id)", before: found.audited,
                    after: cancelled.audited)
            ], reply: cancelled.message(catalog))
    }
}

extension StoredWithdrawal {
    /// The applicant's step in the item's flow.
    fileprivate func step(
        _ action: String, opinion: String = "", at now: Timestamp
    ) -> StoredFlowStep {
        StoredFlowStep(
            node: FlowNode.applicant, action: action, actorID: personID,
            actorName: applicantName, opinion: opinion, atMilliseconds: now.milliseconds)
    }

    /// As it travels.
    func message(_ catalog: Catalog) -> Archive.Withdrawal {
        Archive.Withdrawal(
            id: id, itemID: itemID, itemVersion: itemVersion, kind: kind,
            kindLabel: catalog.kind(kind)?.label ?? kind, mainName: mainName,
            personID: personID, applicantName: applicantName, unitID: unitID, reason: reason,
            state: phase.message, stateLabel: phase.label, version: version,
            requestedMs: enteredMilliseconds, opinion: decision?.opinion ?? "",
            decidedByName: decision?.officerName ?? "",
            closedMs: decision?.atMilliseconds ?? cancelledMilliseconds ?? 0,
            taskID: phase == .pending ? taskID.text : "",
            referred: phase == .pending && isReferred)
    }
}
