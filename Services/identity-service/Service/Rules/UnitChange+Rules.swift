import Domain
import Messages
import ServiceRuntime
import Storage

extension Identity.UnitChange: StorableReply {}

extension StoredUnitChange {
    /// As it travels, with the labels of codes.
    var message: Identity.UnitChange {
        func nature(_ code: String) -> String { CodeTable.unitNature.label(code) ?? "" }
        func region(_ code: String) -> String { Region(code: code)?.label ?? "" }
        return Identity.UnitChange(
            id: id, unitID: unitID, unitName: unitName,
            state: Identity.UnitChangeState(rawValue: Int32(state.rawValue)),
            stateLabel: state.label, natureBefore: self.nature.before,
            natureAfter: self.nature.after, natureBeforeLabel: nature(self.nature.before),
            natureAfterLabel: nature(self.nature.after), regionBefore: self.region.before,
            regionAfter: self.region.after, regionBeforeLabel: region(self.region.before),
            regionAfterLabel: region(self.region.after), reason: reason,
            requestedByName: requestedByName, requestedMs: requestedMilliseconds,
            opinion: decision?.opinion ?? "", decidedByName: decision?.officerName ?? "",
            decidedMs: decision?.atMilliseconds ?? 0)
    }
}

/// What a unit asks for, checked but for what only its row says.
struct UnitChangeInput: Sendable, Hashable {
    /// "" where nothing is to change.
    let nature: String
    let region: String
    let reason: String

    init(_ request: Identity.RequestUnitChangeRequest) throws(Refusal) {
        var check = FormCheck()
        nature = check.text(request.nature, "nature", "单位性质", required: false, longest: 10)
        region = check.text(request.region, "region", "属地", required: false, longest: 10)
        reason = check.text(
            request.reason, "reason", "变更原因", required: true, longest: 500, hasLines: true)
        if !nature.isEmpty, CodeTable.unitNature.label(nature) == nil {
            check.fault("nature", "单位性质", "请从列表中选择")
        }
        if !region.isEmpty, Region(code: region)?.isSelectable != true {
            check.fault("region", "属地", "请从福建省、设区市、县（市、区）中选择")
        }
        try check.finish()
    }
}

/// 变更申请 of 单位性质 and 属地, which are locked after the first submission (I6). One at a time.
struct RequestUnitChange: Command {
    let actor: String
    let actorName: String
    let unitID: String
    let input: UnitChangeInput
    let newID: String

    struct Facts: Sendable {
        let unit: StoredUnit?
        let pending: StoredUnitChange?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            unit: try UnitStore.unit(unitID, rows),
            pending: try UnitChangeStore.pending(unit: unitID, rows))
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Identity.UnitChange> {
        guard let unit = facts.unit else { throw .notFound("单位") }
        guard unit.state == .active else { throw .precondition("单位未启用") }
        guard facts.pending == nil else { throw .precondition("已有待处理的变更申请") }
        let details = unit.details
        let nature = input.nature.isEmpty ? details.nature : input.nature
        let region = input.region.isEmpty ? details.region : input.region
        guard nature != details.nature || region != details.region else {
            throw .invalid([
                FieldFault(field: "nature", label: "单位性质", message: "与现在相同"),
                FieldFault(field: "region", label: "属地", message: "与现在相同"),
            ])
        }
        let change = StoredUnitChange(
            id: newID, unitID: unitID, unitName: unit.name,
            scope: Self.scope(details.region, region), nature: (details.nature, nature),
            region: (details.region, region), reason: input.reason, requestedBy: actor,
            requestedByName: actorName, requestedMilliseconds: now.milliseconds, state: .pending)
        return Plan(
            writes: [UnitChangeStore.insert(change)],
            messages: [Announcement.of(change, by: actor).message],
            audit: [
                AuditEntry(
                    actor: "person:\(actor)", action: "identity.unit.change_request",
                    object: "unit:\(unitID)",
                    before: [("nature", details.nature), ("region", details.region)],
                    after: [("nature", nature), ("region", region), ("request", newID)])
            ], reply: change.message)
    }

    /// The smallest region that holds both: who decides must look after the unit before and afterwards.
    static func scope(_ first: String, _ second: String) -> String {
        guard let region = Region(code: first), let other = Region(code: second) else {
            return first
        }
        return region.enclosing.first { $0.covers(other) }?.code ?? Region.province.code
    }
}

/// The HR department's answer to a change request: the unit's fields change with it, or stay (I6).
struct DecideUnitChange: Command {
    let actor: String
    let actorName: String
    /// Keyed index of the deciding officer's ID number.
    let actorKey: [UInt8]
    /// The HR department's region.
    let region: String
    let id: String
    let isApproved: Bool
    let opinion: String

    struct Facts: Sendable {
        let change: StoredUnitChange?
        let unit: StoredUnit?
        /// Of who asked; nil when it is not on record.
        let requesterKey: [UInt8]?
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let change = try UnitChangeStore.change(id, .region(region), rows)
        return Facts(
            change: change, unit: try change.flatMap { try UnitStore.unit($0.unitID, rows) },
            requesterKey: try change.flatMap { try PersonStore.person($0.requestedBy, rows) }?
                .idIndex)
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Identity.UnitChange> {
        guard var change = facts.change, let unit = facts.unit else { throw .notFound("变更申请") }
        guard change.state == .pending else {
            throw .precondition("该变更申请\(change.state.label)，不能再次处理")
        }
        // Who works for both sides (I10).
        guard facts.requesterKey != actorKey else { throw .denied("不能处理本人提出的变更申请") }
        let decision = StoredUnitChange.Decision(
            opinion: opinion, officerID: actor, officerName: actorName,
            atMilliseconds: now.milliseconds)
        change.state = isApproved ? .approved : .refused
        change.decision = decision
        var writes = [UnitChangeStore.decide(change, decision)]
        var after = unit
        if isApproved {
            guard let state = unit.state.after(.editProfile) else {
                throw .precondition("单位未启用")
            }
            after.state = state
            after.version += 1
            after.details.nature = change.nature.after
            after.details.region = change.region.after
            writes.append(UnitStore.update(after, submitted: nil))
        }
        func audited(_ unit: StoredUnit, _ state: UnitChangeState) -> [(String, String)] {
            [
                ("nature", unit.details.nature), ("region", unit.details.region),
                ("version", "\(unit.version)"), ("request", id), ("state", "\(state)"),
            ]
        }
        return Plan(
            writes: writes, messages: [Announcement.of(change, by: actor).message],
            audit: [
                AuditEntry(
                    actor: "person:\(actor)", action: "identity.unit.change_decide",
                    object: "unit:\(unit.id)", before: audited(unit, .pending),
                    after: audited(after, change.state))
            ], reply: change.message)
    }
}
