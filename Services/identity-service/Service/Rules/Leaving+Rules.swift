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

/// 离职/停用 by the unit's administrator. The caller has made sure that no declaration is in flight.
struct DisablePerson: Command {
    let actor: String
    let actorName: String
    let unitID: String
    let registrationID: String
    let expectedVersion: Int64
    let reason: String

    struct Facts: Sendable {
        let registration: StoredRegistration?
        let flow: [StoredFlowStep]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let found = try RegistrationStore.registration(registrationID, rows)
        guard let found, found.unitID == unitID else {
            return Facts(registration: nil, flow: [])
        }
        return Facts(registration: found, flow: try RegistrationStore.flow(found.id, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.Registration> {
        guard let registration = facts.registration else { throw .notFound("人员注册") }
        guard registration.version == expectedVersion else {
            throw .conflict(current: registration.version)
        }
        guard let next = registration.phase.after(.disable) else {
            throw .precondition("\(registration.phase.label)的注册不能停用")
        }
        var disabled = registration
        disabled.phase = next
        disabled.version += 1
        let step = StoredFlowStep(
            node: FlowNode.unit, action: "停用", actorID: actor, actorName: actorName,
            opinion: reason, atMilliseconds: now.milliseconds)
        return Plan(
            writes: [
                RegistrationStore.update(disabled),
                RegistrationStore.append(step, to: registration.id),
            ], messages: [Announcement.of(disabled, after: .disable, by: actor).message],
            audit: [
                AuditEntry(
                    actor: "person:\(actor)", action: "identity.registration.disable",
                    object: "registration:\(registration.id)", before: registration.audited,
                    after: disabled.audited)
            ], reply: disabled.message(flow: facts.flow + [step]))
    }
}

/// 撤销 by the person, while the unit has not decided: the task is closed.
struct CancelRegistration: Command {
    let personID: String
    let registrationID: String
    let expectedVersion: Int64

    struct Facts: Sendable {
        let registration: StoredRegistration?
        let flow: [StoredFlowStep]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let found = try RegistrationStore.registration(registrationID, rows)
        guard let found, found.personID == personID else {
            return Facts(registration: nil, flow: [])
        }
        return Facts(registration: found, flow: try RegistrationStore.flow(found.id, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.Registration> {
        guard let registration = facts.registration else { throw .notFound("人员注册") }
        guard registration.version == expectedVersion else {
            throw .conflict(current: registration.version)
        }
        guard let next = registration.phase.after(.cancel) else {
            throw .precondition("\(registration.phase.label)的注册不能撤销")
        }
        var cancelled = registration
        cancelled.phase = next
        cancelled.version += 1
        let step = StoredFlowStep(
            node: FlowNode.applicant, action: "撤销", actorID: personID,
            actorName: registration.form.name, opinion: "", atMilliseconds: now.milliseconds)
        return Plan(
            writes: [
                RegistrationStore.update(cancelled),
                RegistrationStore.append(step, to: registration.id),
            ] + ReviewStore.close(registration),
            messages: [
                Announcement.of(
                    cancelled, after: .cancel, by: personID, task: registration.closed
                ).message
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "identity.registration.cancel",
                    object: "registration:\(registration.id)", before: registration.audited,
                    after: cancelled.audited)
            ], reply: cancelled.message(flow: facts.flow + [step]))
    }
}
