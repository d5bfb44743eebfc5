import Domain
import Messages
import ServiceRuntime
import Storage

extension Declaration.Entrustment: StorableReply {}

/// 委托 (D11): a unit asks that a plan of another region takes its people.
struct RequestEntrustment: Command {
    static let longestReason = 500

    let officer: Officer
    let request: Declaration.RequestEntrustmentRequest
    /// As identity describes the named persons, in the request's order.
    let persons: [Identity.PersonSummary]
    let letter: Common.Attachment
    let newID: String

    struct Facts: Sendable {
        let plan: Declaration.Plan?
        /// What ``HeldUnits`` says of the officer's unit.
        let held: Int64?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            plan: try PlanStore.plan(request.planID, rows),
            held: try HeldUnits.until(officer.unit.id, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Entrustment> {
        guard let plan = facts.plan else { throw .notFound("评审计划") }
        try HeldUnits.requireFree(facts.held, at: now)
        guard plan.isElsewhere(from: officer.unit.region) else {
            throw .precondition("该评审计划面向本单位所在地区，无需委托")
        }
        var check = FormCheck()
        let reason = check.text(
            request.reason, "reason", "委托原因", required: true, longest: Self.longestReason,
            hasLines: true)
        for (n, person) in persons.enumerated()
        where person.unitID != officer.unit.id || person.registration != .approved {
            // Whoever asks need not learn that there is such a person elsewhere, let alone the name.
            check.fault("person_ids", "委托人员", "第 \(n + 1) 人不是本单位注册通过的人员")
        }
        try check.finish()
        let entrustment = StoredEntrustment(
            id: newID, planID: plan.id, unitID: officer.unit.id, unitName: officer.unit.name,
            region: officer.unit.region, committeeID: plan.committeeID, phase: .withDepartment,
            version: 1, reason: reason, letter: letter,
            persons: persons.map {
                StoredEntrustment.Person(id: $0.personID, name: $0.name, key: $0.personKey)
            }, requestedMilliseconds: now.milliseconds,
            flow: [
                Common.FlowStep(
                    node: "用人单位", action: "委托", actorName: officer.name, opinion: reason,
                    atMs: now.milliseconds)
            ])
        return Plan(
            writes: EntrustmentStore.insert(entrustment),
            messages: Announcement.of(entrustment, by: officer.personID),
            audit: [
                AuditEntry(
                    actor: "person:\(officer.personID)", action: "declaration.entrust",
                    object: "entrustment:\(newID)",
                    after: [("plan", plan.id), ("persons", String(persons.count))])
            ], reply: entrustment.message)
    }
}

/// The HR department passes a request on to the committee, which accepts it; either may refuse it.
struct DecideEntrustment: Command {
    let session: Identity.Session
    let viewer: EntrustmentViewer
    let request: Declaration.DecideEntrustmentRequest

    func read(_ rows: any RowReader) throws -> StoredEntrustment? {
        try EntrustmentStore.entrustment(request.id, for: viewer, rows)
    }

    func decide(
        _ entrustment: StoredEntrustment?, at now: Timestamp
    ) throws(Refusal) -> Plan<Declaration.Entrustment> {
        guard var entrustment else { throw .notFound("委托") }
        try entrustment.requireOther(session)
        let next = try entrustment.phase.next(by: viewer, accepts: request.accept)
        guard entrustment.version == request.expectedVersion else {
            throw .conflict(current: entrustment.version)
        }
        var check = FormCheck()
        let opinion = check.text(
            request.opinion, "opinion", "审批意见", required: true,
            longest: FormCheck.longestOpinion, hasLines: true)
        try check.finish()
        entrustment.flow.append(
            Common.FlowStep(
                node: entrustment.phase == .withDepartment ? "人社部门" : "评委会",
                action: request.accept ? "同意" : "不同意", actorName: session.name,
                opinion: opinion, atMs: now.milliseconds))
        entrustment.phase = next
        entrustment.version += 1
        return Plan(
            writes: [EntrustmentStore.update(entrustment)],
            messages: Announcement.of(entrustment, by: session.personID),
            audit: [
                AuditEntry(
                    actor: "person:\(session.personID)", action: "declaration.entrust.decide",
                    object: "entrustment:\(entrustment.id)", after: [("state", "\(next)")])
            ], reply: entrustment.message)
    }
}

extension StoredEntrustment {
    /// Nobody decides on themselves (I10).
    fileprivate func requireOther(_ session: Identity.Session) throws(Refusal) {
        let isOwn = persons.contains {
            $0.id == session.personID || !$0.key.isEmpty && $0.key == session.personKey
        }
        if isOwn { throw .denied("委托人员中有本人，请由其他人员办理") }
    }
}

extension EntrustmentPhase {
    /// Where the decision leads.
    /// - Throws: when it is decided already, or another party's to decide.
    func next(
        by viewer: EntrustmentViewer, accepts: Bool
    ) throws(Refusal) -> EntrustmentPhase {
        switch (self, viewer) {
        case (.withDepartment, .department): accepts ? .withCommittee : .refused
        case (.withCommittee, .committee): accepts ? .accepted : .refused
        case (.withDepartment, _), (.withCommittee, _): throw .denied("该委托现在不由您审批")
        case (.accepted, _), (.refused, _): throw .precondition("该委托已审批")
        }
    }
}

extension Declaration.Plan {
    /// The plan is of a region that the other one does not lie in: it takes entrusted persons only. A plan without
    /// a region takes everybody.
    func isElsewhere(from other: String) -> Bool {
        guard let own = Region(code: region), let other = Region(code: other) else {
            return false
        }
        return !own.covers(other)
    }
}
