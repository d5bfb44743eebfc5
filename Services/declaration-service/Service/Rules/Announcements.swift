import Messages
import ServiceRuntime
import Storage

// What the task centre is told of declarations: every transition has its notification (E5), every change its task (T4).

extension Announcement {
    /// What one command did to a declaration.
    /// - Parameter actor: the person who did it; "" for the service itself.
    /// - Returns: nil when there is nobody to tell, and no task: a draft that was edited.
    static func of(
        _ after: StoredDeclaration, since before: StoredDeclaration, by actor: String
    ) -> Announcement? {
        guard after.version != before.version else { return nil }
        var announcement = Announcement(
            machine: "declaration", object: after.id, version: after.version)
        announcement.actor = actor
        announcement.tasks = after.taskChanges(since: before)
        if after.phase != before.phase {
            announcement.event = "\(after.phase)"
            announcement.title = "\(TaskSourceHandler.kindLabel) \(after.phase.status)"
            announcement.text = after.subject + after.news(from: before.phase)
            announcement.recipients = [.person(after.personID)]
            if after.isVisibleToUnit { announcement.recipients.append(.unit(after.unit.id)) }
            if after.phase.waitsForUnit {
                announcement.recipients.append(.superiors(after.applicant.referral))
            }
            announcement.recipients += [before.deskMailbox, after.deskMailbox].compactMap(\.self)
        }
        return announcement.recipients.isEmpty && announcement.tasks.isEmpty ? nil : announcement
    }

    /// What another service refused: whoever asked for it is told (decision 14).
    static func refused(
        _ declaration: StoredDeclaration, to person: String, because message: String,
        since before: StoredDeclaration
    ) -> Announcement {
        var announcement = Announcement(
            machine: "declaration", object: declaration.id, version: declaration.version)
        announcement.event = "refused"
        announcement.title = "\(TaskSourceHandler.kindLabel) 未办理成功"
        announcement.text = "\(declaration.subject)未办理成功：\(message)"
        announcement.recipients = [.person(person)]
        announcement.tasks = declaration.taskChanges(since: before)
        return announcement
    }
}

extension StoredDeclaration {
    /// Who reviews it now; nil when nobody does.
    var deskMailbox: Tasks.Mailbox? {
        switch phase {
        case .unitPool, .unitReview, .unitPublicity, .returnedToUnit: .unit(unit.id)
        case .superiorReview: .superiors(unit.region)
        case .committeeCheck, .expertReview, .resultPublicity: .committee(plan.committeeID)
        case .draft, .returnedToApplicant, .passed, .failed, .terminated, .withdrawn, .lapsed: nil
        }
    }

    fileprivate var subject: String { "\(applicant.name) 的职称申报“\(plan.name)”" }

    /// What a transition means to whoever is told of it. Total over the states: a new one needs its words.
    fileprivate func news(from before: DeclarationPhase) -> String {
        switch phase {
        case .draft: "已保存"
        case .unitPool:
            switch before {
            case .unitReview: "已释放，等待单位领取"
            case .returnedToApplicant: "已补正并重新提交，等待单位审核"
            default: "已提交，等待单位审核"
            }
        case .unitReview:
            before == .unitPublicity ? "公示已结束，单位继续审核" : "已由 \(claim?.officerName ?? "") 领取"
        case .unitPublicity: "由单位公示至 \(noticeUntil)"
        case .superiorReview:
            before == .returnedToUnit ? "已由单位补正，重新报主管部门审核" : "单位审核通过，已报主管部门审核"
        case .committeeCheck: "主管部门审核通过，已报评委会审核"
        case .expertReview: "评委会已受理，进入专家评审"
        case .resultPublicity: "专家评审通过，评后公示至 \(noticeUntil)"
        case .passed: "评审通过"
        case .failed: before == .resultPublicity ? "公示异议成立，评审未通过" : "专家评审未通过"
        case .returnedToApplicant: "被\(before.node)退回，请在 \(correctBy) 前补正"
        case .returnedToUnit: "被主管部门退回，请单位补正"
        case .terminated: "被\(before.node)终止，本年度不能再申报"
        case .withdrawn: "已由申报人撤回"
        case .lapsed: "逾期未补正，视为放弃申报"
        }
    }

    /// What the change from `before` means for the tasks of the desks.
    fileprivate func taskChanges(since before: StoredDeclaration) -> [Tasks.TaskChange] {
        var changes: [Tasks.TaskChange] = []
        let isSame = before.deskMailbox == deskMailbox && before.round == round
        if let desk = before.deskMailbox, !isSame {
            changes.append(
                Tasks.TaskChange(
                    kind: .closed,
                    task: Tasks.Task(
                        id: before.taskID.text, source: TaskID.source,
                        kind: TaskSourceHandler.kind), desk: desk, region: unit.region))
        }
        if let desk = deskMailbox {
            changes.append(
                Tasks.TaskChange(
                    kind: isSame ? .changed : .opened, task: task, desk: desk, region: unit.region))
        }
        return changes
    }

    /// Its current round as the task centre shows it; when it entered review, and what was decided, is the round's to say.
    var task: Tasks.Task {
        Tasks.Task(
            id: taskID.text, source: TaskID.source, kind: TaskSourceHandler.kind,
            kindLabel: TaskSourceHandler.kindLabel, objectID: id,
            title: [application.title, application.specialty].filter { !$0.isEmpty }
                .joined(separator: "-"),
            applicantID: personID, applicantName: applicant.name, version: version,
            stateLabel: status, node: phase.node, claimedBy: claim?.officerID ?? "",
            claimedByName: claim?.officerName ?? "")
    }
}
