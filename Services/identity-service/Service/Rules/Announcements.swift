import Domain
import Messages
import ServiceRuntime
import Storage

// What the task centre is told of registrations, change requests and officers: every transition has its notification (E5), every task its
// opening and its end (T4).

extension RegistrationPhase.Event {
    /// What it means to whoever is told of it.
    var news: String {
        switch self {
        case .approve: "审核通过，可以提交业绩和申报"
        case .return: "被单位退回，请补正后重新提交"
        case .resubmit: "已补正并重新提交，等待单位审核"
        case .transfer: "已申请调动，等待新单位审核"
        case .disable: "已由原单位停用"
        case .cancel: "已由本人撤销"
        case .registerAgain: "已重新提交，等待单位审核"
        }
    }

    /// Of the first registration, which no event of the machine leads to.
    static let firstNews = "已提交，等待单位审核"
}

extension Announcement {
    /// A registration after the event.
    /// - Parameters:
    ///   - event: nil when it is the first.
    ///   - earlierUnit: that had the person before; told when it is another.
    ///   - region: whose superior may decide in the unit's place (I10); "" for none.
    ///   - actor: the person who did it.
    static func of(
        _ registration: StoredRegistration, after event: RegistrationPhase.Event?,
        earlierUnit: String = "", referredTo region: String = "", by actor: String,
        task: Tasks.TaskChange? = nil
    ) -> Announcement {
        var announcement = Announcement(
            machine: "personnel_registration", object: registration.id,
            version: registration.version)
        announcement.event = "\(registration.phase)"
        announcement.title = "\(TaskSourceHandler.kindLabel) \(registration.phase.label)"
        announcement.text =
            "\(registration.form.name) 的人员注册"
            + (event?.news ?? RegistrationPhase.Event.firstNews)
        announcement.recipients = [
            .person(registration.personID), .unit(registration.unitID), .unit(earlierUnit),
            .superiors(region),
        ]
        announcement.actor = actor
        announcement.tasks = [task].compactMap(\.self)
        return announcement
    }

    /// The registration of a unit's only officer is the superior's to decide as well, from now on.
    /// - Parameter count: how many registrations that is; nobody is told of none.
    static func referred(_ count: Int64, at unit: StoredUnit, _ now: Timestamp) -> [OutboxMessage] {
        [
            Announcement.referred(
                count, TaskSourceHandler.kindLabel, machine: "personnel_registration",
                unit: unit.id, to: unit.details.region, at: now)?.message
        ].compactMap(\.self)
    }

    /// A unit that was suspended or resumed: its officers, and the HR departments of its region.
    static func of(_ unit: StoredUnit, by actor: String) -> Announcement {
        var announcement = Announcement(
            machine: "unit_registration", object: unit.id, version: unit.version)
        announcement.event = unit.state.rawValue
        let news = unit.state == .suspended ? "已停用" : "已恢复"
        announcement.title = "单位 \(news)"
        announcement.text = "\(unit.name) \(news)"
        announcement.recipients = [.unit(unit.id), .department(unit.details.region)]
        announcement.actor = actor
        return announcement
    }

    /// A unit that was merged into another one.
    static func merged(
        _ unit: StoredUnit, into other: StoredUnit, by actor: String
    ) -> Announcement {
        var announcement = Announcement(
            machine: "unit_registration", object: unit.id, version: unit.version)
        announcement.event = unit.state.rawValue
        announcement.title = "单位 已合并"
        announcement.text = "\(unit.name) 已并入 \(other.name)，人员注册、业绩和申报随之转入"
        announcement.actor = actor
        return announcement
    }

    /// A unit's change request in its new state: its officers, and the HR department that decides.
    static func of(_ change: StoredUnitChange, by actor: String) -> Announcement {
        var announcement = Announcement(
            machine: "unit_change", object: change.id, version: change.state.rawValue)
        announcement.event = "\(change.state)"
        announcement.title = "变更申请 \(change.state.label)"
        announcement.text = "\(change.unitName) 的单位信息变更申请\(change.state.label)"
        announcement.recipients = [.unit(change.unitID), .department(change.scope)]
        announcement.actor = actor
        return announcement
    }
}

extension Announcement {
    /// A change of a unit's officers: all of them are told, and who left (I5).
    /// - Parameters:
    ///   - event: "removed".
    ///   - news: what is said of the officer.
    ///   - left: who is not among the unit's officers any more.
    static func of(
        _ officer: ListedOfficer, _ event: String, _ news: String, in unit: StoredUnit,
        left: String = "", by authority: AccountAuthority, at now: Timestamp
    ) -> Announcement {
        // An officer has no version; nobody is changed in the same way twice in a millisecond.
        var announcement = Announcement(
            machine: "unit_officer", object: officer.officer.personID, version: now.milliseconds)
        announcement.event = event
        announcement.title = "经办人变更"
        announcement.text = "\(unit.name) 的经办人\(officer.called) \(news)"
        announcement.recipients = [.unit(unit.id), .person(left)]
        announcement.actor = authority.personID
        return announcement
    }

    /// An officer has a role in the unit: given, or given anew.
    static func joined(
        _ officer: ListedOfficer, in unit: StoredUnit, by authority: AccountAuthority,
        at now: Timestamp
    ) -> Announcement {
        .of(
            officer, "role_given", "现为\(officer.officer.role.officerLabel)", in: unit,
            by: authority, at: now)
    }
}

extension ListedOfficer {
    /// The name; some sign in before theirs is on record.
    var called: String { name.isEmpty ? "（未登记）" : " \(name)" }
}

extension Identity.Role {
    /// Of a unit's officer.
    var officerLabel: String { self == .unitAdministrator ? "管理员" : "审核人" }
}

extension AccountAuthority {
    /// Who acts; "" for the operator's command and for services.
    var personID: String {
        let prefix = "person:"
        return actor.hasPrefix(prefix) ? String(actor.dropFirst(prefix.count)) : ""
    }
}

extension StoredRegistration {
    /// Its current round enters review.
    /// - Parameter region: of the unit.
    func opened(region: String) -> Tasks.TaskChange {
        .opened(
            Tasks.Task(
                id: taskID, source: TaskID.source, kind: TaskSourceHandler.kind,
                kindLabel: TaskSourceHandler.kindLabel, objectID: id,
                title: "\(TaskSourceHandler.kindLabel) \(form.name)", applicantID: personID,
                applicantName: form.name, version: version, stateLabel: phase.label,
                node: FlowNode.unit), at: .unit(unitID), region: region)
    }

    /// Its current round waits no more.
    var closed: Tasks.TaskChange {
        .closed(taskID, TaskID.source, TaskSourceHandler.kind, at: .unit(unitID))
    }
}
