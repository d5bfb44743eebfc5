import Domain
import Messages
import ServiceRuntime
import Storage

extension Identity.Registration: StorableReply {}

extension StoredRegistration {
    /// As it travels, without what only the handler can open: the masked numbers.
    func message(flow: [StoredFlowStep] = []) -> Identity.Registration {
        Identity.Registration(
            id: id, personID: personID, unitID: unitID, name: form.name, sex: form.sex,
            idDocument: form.idDocument, politicalStatus: form.politicalStatus,
            email: form.email, registeredMs: registeredMilliseconds, state: phase.message,
            stateLabel: phase.label, version: version, flow: flow.map(\.message))
    }
}

extension StoredFlowStep {
    var message: Common.FlowStep {
        Common.FlowStep(
            node: node, action: action, actorName: actorName, opinion: opinion,
            atMs: atMilliseconds)
    }
}

/// The nodes of a registration's flow.
enum FlowNode {
    static let applicant = "申报人"
    static let unit = "单位审核"
    static let department = "人社部门"
    /// Nothing is left to do.
    static let finished = "审核通过"
}

/// 人员注册 by the person: for the first time, or again after a return, also with another unit (I7).
struct RegisterPerson: Command {
    let personID: String
    let unitID: String
    /// Nil when the form has faults.
    let form: RegistrationForm?
    /// Whether the number must be the account's own.
    let hasResidentNumber: Bool
    let faults: [FieldFault]
    /// Of the registration, should it be the first.
    let newID: String

    struct Facts: Sendable {
        let person: StoredPerson?
        let unit: StoredUnit?
        let live: StoredRegistration?
        let flow: [StoredFlowStep]
        let officers: [ActiveOfficer]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let live = try RegistrationStore.live(of: personID, rows)
        return Facts(
            person: try PersonStore.person(personID, rows),
            unit: try UnitStore.unit(unitID, rows), live: live,
            flow: try live.map { try RegistrationStore.flow($0.id, rows) } ?? [],
            officers: try OfficerStore.active(unit: unitID, rows))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.Registration> {
        guard let person = facts.person else { throw .notFound("账号") }
        let form = try checkedForm(person, facts.unit)
        if let live = facts.live {
            guard let event = live.phase.registeringAgain, let next = live.phase.after(event) else {
                throw .precondition("已有\(live.phase.label)的注册，不能重复注册")
            }
            var again = live
            again.phase = next
            again.round += 1
            again.version += 1
            again.form = form
            if again.unitID != unitID {
                // It is new in the other unit's list.
                again.unitID = unitID
                again.registeredMilliseconds = now.milliseconds
            }
            return plan(again, event, before: live, facts, at: now)
        }
        return plan(
            StoredRegistration(
                id: newID, personID: personID, unitID: unitID, round: 1, version: 1,
                phase: .registered, form: form, registeredMilliseconds: now.milliseconds),
            nil, before: nil, facts, at: now)
    }

    /// Names every fault: those of the form, of the unit, and of the account.
    private func checkedForm(
        _ person: StoredPerson, _ unit: StoredUnit?
    ) throws(Refusal) -> RegistrationForm {
        var check = FormCheck()
        if unit?.state != .active {
            check.fault("unit_id", "用人单位", unitID.isEmpty ? "请选择单位" : "单位不存在或未启用")
        }
        if hasResidentNumber, let form, form.idIndex != person.idIndex {
            check.fault("id_number", "证件号码", "与账号的实名信息不一致")
        }
        if let form, form.name != person.name {
            check.fault("name", "姓名", "与账号的实名信息不一致")
        }
        let all = check.faults + faults
        guard all.isEmpty, let form else { throw .invalid(all) }
        return form
    }

    private func plan(
        _ registration: StoredRegistration, _ event: RegistrationPhase.Event?,
        before: StoredRegistration?, _ facts: Facts, at now: Timestamp
    ) -> Plan<Identity.Registration> {
        let step = StoredFlowStep(
            node: FlowNode.applicant, action: "提交", actorID: personID,
            actorName: registration.form.name, opinion: "", atMilliseconds: now.milliseconds)
        // Who comes back after leaving chooses another unit: the old one keeps what it had.
        var kept: [Statement] = []
        if let before, before.phase == .disabled, before.unitID != registration.unitID {
            kept = [RegistrationHistory.keep(before, at: now)]
        }
        let region = facts.officers.referral(of: facts.person?.idIndex, in: facts.unit)
        return Plan(
            writes: kept + [
                before == nil
                    ? RegistrationStore.insert(registration)
                    : RegistrationStore.update(registration),
                RegistrationStore.append(step, to: registration.id),
            ]
                + ReviewStore.open(registration, referredTo: region, at: now),
            messages: [
                Announcement.of(
                    registration, after: event, earlierUnit: before?.unitID ?? "",
                    referredTo: region, by: personID,
                    task: registration.opened(region: facts.unit?.details.region ?? "")
                ).message
            ],
            audit: [
                AuditEntry(
                    actor: "person:\(personID)", action: "identity.registration.submit",
                    object: "registration:\(registration.id)", before: before?.audited ?? [],
                    after: registration.audited)
            ], reply: registration.message(flow: facts.flow + [step]))
    }
}

extension StoredRegistration {
    /// For the audit: nothing here is personal.
    var audited: [(String, String)] {
        [
            ("unit", unitID), ("state", "\(phase)"), ("round", "\(round)"),
            ("version", "\(version)"),
        ]
    }
}
