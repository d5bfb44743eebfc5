import Domain
import Messages
import ServiceRuntime
import Storage

// What happens to a registration but for its review: transfer, leaving, cancelling (I8).

/// 调动: an approved person goes to another unit, which reviews anew; the old unit keeps what it had, read-only.
/// The caller has made sure that no declaration is in flight.
struct TransferPerson: Command {
    let personID: String
    let unitID: String
    let expectedVersion: Int64

    struct Facts: Sendable {
        let live: StoredRegistration?
        let unit: StoredUnit?
        let flow: [StoredFlowStep]
        let key: [UInt8]?
        let officers: [ActiveOfficer]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let live = try RegistrationStore.live(of: personID, rows)
        return Facts(
            live: live, unit: try UnitStore.unit(unitID, rows),
            flow: try live.map { try RegistrationStore.flow($0.id, rows) } ?? [],
            key: try PersonStore.person(personID, rows)?.idIndex,
            officers: try OfficerStore.active(unit: unitID, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.Registration> {
        guard let live = facts.live else { throw .notFound("人员注册") }
        guard facts.unit?.state == .active, unitID != live.unitID else {
            throw .invalid([
                FieldFault(
                    field: "unit_id", label: "用人单位",
                    message: unitID == live.unitID ? "与现单位相同" : "单位不存在或未启用")
            ])
        }
        guard live.version == expectedVersion else { throw .conflict(current: live.version) }
        guard let next = live.phase.after(.transfer) else {
            throw .precondition("\(live.phase.label)的注册不能调动")
        }
        var moved = live
        moved.phase = next
        moved.unitID = unitID
        moved.round += 1
        moved.version += 1
        moved.registeredMilliseconds = now.milliseconds
        let step = StoredFlowStep(
            node: FlowNode.applicant, action: "调动", actorID: personID,
            actorName: live.form.name, opinion: "", atMilliseconds: now.milliseconds)
        let region = facts.officers.referral(of: facts.key, in: facts.unit)
        return Plan(
            writes: [
                RegistrationHistory.keep(live, at: now), RegistrationStore.update(moved),
                RegistrationStore.append(step, to: live.id),
            ]
                + ReviewStore.open(moved, referredTo: region, at: now),
            messages: [
                Announcement.of(
                    moved, after: .transfer, earlierUnit: live.unitID, referredTo: region,
                    by: personID,
                    task: moved.opened(region: facts.unit?.details.region ?? "")
                ).message
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "identity.registration.transfer",
                    object: "registration:\(live.id)", before: live.audited,
                    after: moved.audited)
            ], reply: moved.message(flow: facts.flow + [step]))
    }
}

/// A registration that ends, as whoever ends it may see it.
struct EndingRegistration: Sendable {
    let registration: StoredRegistration?
    let flow: [StoredFlowStep]

    /// - Parameter isTheirs: whether it is theirs to end; others' answer as unknown ones do.
    init(
        _ id: String, _ rows: any RowReader, where isTheirs: (StoredRegistration) -> Bool
    ) throws {
        let found = try RegistrationStore.registration(id, rows)
        registration = found.flatMap { isTheirs($0) ? $0 : nil }
        flow = try registration.map { try RegistrationStore.flow($0.id, rows) } ?? []
    }

    /// Who ends it, and how.
    struct Act: Sendable {
        let event: RegistrationPhase.Event
        /// Of the flow's step: "停用".
        let label: String
        let node: String
        let actor: String
        /// Nil for the person.
        let actorName: String?
        var opinion = ""
        /// Whether its round waits, and is closed with it.
        let isWaiting: Bool
    }

    func plan(
        _ act: Act, expected version: Int64, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.Registration> {
        guard let registration else { throw .notFound("人员注册") }
        guard registration.version == version else {
            throw .conflict(current: registration.version)
        }
        guard let next = registration.phase.after(act.event) else {
            throw .precondition("\(registration.phase.label)的注册不能\(act.label)")
        }
        var ended = registration
        ended.phase = next
        ended.version += 1
        let step = StoredFlowStep(
            node: act.node, action: act.label, actorID: act.actor,
            actorName: act.actorName ?? registration.form.name, opinion: act.opinion,
            atMilliseconds: now.milliseconds)
        return Plan(
            writes: [
                RegistrationStore.update(ended),
                RegistrationStore.append(step, to: registration.id),
            ] + (act.isWaiting ? ReviewStore.close(registration) : []),
            messages: [
                Announcement.of(
                    ended, after: act.event, by: act.actor,
                    task: act.isWaiting ? registration.closed : nil
                ).message
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(act.actor)", action: "identity.registration.\(act.event)",
                    object: "registration:\(registration.id)", before: registration.audited,
                    after: ended.audited)
            ], reply: ended.message(flow: flow + [step]))
    }
}

/// 离职/停用 by the unit's administrator. The caller has made sure that no declaration is in flight.
struct DisablePerson: Command {
    let actor: String
    let actorName: String
    let unitID: String
    let registrationID: String
    let expectedVersion: Int64
    let reason: String

    func read(_ rows: any RowReader) throws -> EndingRegistration {
        try EndingRegistration(registrationID, rows) { $0.unitID == unitID }
    }

    func decide(
        _ ending: EndingRegistration, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.Registration> {
        try ending.plan(
            EndingRegistration.Act(
                event: .disable, label: "停用", node: FlowNode.unit, actor: actor,
                actorName: actorName, opinion: reason, isWaiting: false),
            expected: expectedVersion, at: now)
    }
}

/// 撤销 by the person, while the unit has not decided: the task is closed.
struct CancelRegistration: Command {
    let personID: String
    let registrationID: String
    let expectedVersion: Int64

    func read(_ rows: any RowReader) throws -> EndingRegistration {
        try EndingRegistration(registrationID, rows) { $0.personID == personID }
    }

    func decide(
        _ ending: EndingRegistration, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.Registration> {
        try ending.plan(
            EndingRegistration.Act(
                event: .cancel, label: "撤销", node: FlowNode.applicant, actor: personID,
                actorName: nil, isWaiting: true),
            expected: expectedVersion, at: now)
    }
}
