import Domain
import Messages
import ServiceRuntime
import Storage

extension Identity.MergeUnitReply: StorableReply {}

/// 合并 of a unit into another one by the HR department of both their regions, for good: a duplicate, or a renamed unit.
///
/// Every registration moves there as it stands, ended ones too, and with it what the unit reviewed and keeps of those who left (I8);
/// archive-service and declaration-service do the same with theirs when the outbox tells them. The officers lose their places and
/// sessions; the other unit has them among those who left, so that its administrator gives a place to whom he wants. The old USCC
/// leads to the other unit. Its change requests and its post approvals with their ledger stay where they are, as history.
/// The caller has made sure that nothing waits in the other services.
struct MergeUnit: Command {
    /// The most applicants that are told by a notification; the others see it in their registration's flow.
    static let mostTold = 9_000
    /// How the outbox names the message to the services that review.
    static let messageKind = "unit_merge"

    let authority: AccountAuthority
    /// Who does it.
    let actor: (id: String, name: String)
    let unitID: String
    let intoID: String
    let expectedVersion: Int64
    let expectedIntoVersion: Int64
    /// Checked.
    let reason: String
    /// The services that are told.
    let receivers: [String]

    struct Facts: Sendable {
        let unit: StoredUnit?
        let into: StoredUnit?
        let waiting: [Common.ViewCount]
        /// Registrations, ended ones too.
        let persons: Int64
        /// Persons whose registration did not end, at most ``mostTold``.
        let told: [String]
        /// Active ones.
        let officers: [String]
    }

    func read(_ rows: any RowReader) throws -> Facts {
        Facts(
            unit: try UnitStore.unit(unitID, rows), into: try UnitStore.unit(intoID, rows),
            waiting: try Self.waiting(at: unitID, rows),
            persons: try RegistrationStore.count(RegistrationStore.Filter(unit: unitID), rows),
            told: try RegistrationStore.persons(of: unitID, limit: Self.mostTold, rows),
            officers: try OfficerStore.list(unit: unitID, rows).filter(\.officer.isActive)
                .map(\.officer.personID))
    }

    func decide(
        _ facts: Facts, at now: Timestamp
    ) throws(Refusal) -> Plan<Identity.MergeUnitReply> {
        let (unit, into) = try checked(facts)
        let merged = unit.merged
        let step = StoredFlowStep(
            node: FlowNode.department, action: "单位合并", actorID: actor.id, actorName: actor.name,
            opinion: "\(unit.name)并入\(into.name)", atMilliseconds: now.milliseconds)
        return Plan(
            writes: UnitStore.merge(merged, into: intoID)
                + OfficerStore.leave(unitID, for: intoID, at: now)
                + [SessionStore.deleteAll(unit: unitID)]
                + RegistrationStore.move(unitID, to: intoID, step, expected: facts.persons)
                + [ApplyMerge.Place("registration_history").move(unitID, to: intoID)]
                + ReviewStore.move(unitID, to: intoID),
            messages: messages(to: receivers)
                + Announcement.merged(merged, into: into, by: actor.id).messages(
                    to: [
                        .unit(intoID), .department(unit.details.region),
                        .department(into.details.region),
                    ] + (facts.officers + facts.told).map { .person($0) }),
            audit: [
                AuditEntry(
                    actor: authority.actor, action: "identity.unit.merge",
                    object: "unit:\(unitID)",
                    before: [("state", unit.state.rawValue), ("version", "\(unit.version)")],
                    after: [
                        ("state", merged.state.rawValue), ("version", "\(merged.version)"),
                        ("into", intoID), ("persons", "\(facts.persons)"),
                        ("officers", facts.officers.joined(separator: " ")), ("reason", reason),
                    ])
            ],
            reply: Identity.MergeUnitReply(
                into: into.summary, persons: facts.persons, officers: Int64(facts.officers.count)))
    }

    private func checked(
        _ facts: Facts
    ) throws(Refusal) -> (unit: StoredUnit, into: StoredUnit) {
        guard let unit = facts.unit, let into = facts.into, authority.covers(unit),
            authority.covers(into)
        else { throw .notFound("单位") }
        guard unitID != intoID else {
            throw .invalid([
                FieldFault(field: "into_id", label: "并入的单位", message: "与被合并的单位相同")
            ])
        }
        guard unit.state.after(.merge) != nil else {
            throw .precondition("单位\(unit.state.label)，不能合并")
        }
        guard into.state == .active else {
            throw .precondition("并入的单位\(into.state.label)，应为正常的单位")
        }
        guard unit.version == expectedVersion else { throw .conflict(current: unit.version) }
        guard into.version == expectedIntoVersion else { throw .conflict(current: into.version) }
        try Self.requireNothing(facts.waiting)
        return (unit, into)
    }

    /// What waits at the unit in this service: registrations, and its change request.
    private static func waiting(
        at unit: String, _ rows: any RowReader
    ) throws -> [Common.ViewCount] {
        [
            Common.ViewCount(
                view: TaskSourceHandler.kind, label: TaskSourceHandler.kindLabel,
                count: try ReviewStore.counts(.unit(unit), rows).pending),
            Common.ViewCount(
                view: "unit_change", label: "变更申请",
                count: try UnitChangeStore.pending(unit: unit, rows) == nil ? 0 : 1),
        ].filter { $0.count > 0 }
    }

    /// - Throws: what waits and what to do about it; for programs as a `HoldUnitReply`, too.
    static func requireNothing(_ waiting: [Common.ViewCount]) throws(Refusal) {
        guard !waiting.isEmpty else { return }
        let items = waiting.map { "\($0.label) \($0.count) 项" }.joined(separator: "、")
        throw .precondition(
            "被合并的单位还有未办结的\(items)，办结或撤回后再合并；已停用的单位可先恢复",
            detail: Identity.HoldUnitReply(waiting: waiting))
    }

    private func messages(to receivers: [String]) -> [OutboxMessage] {
        let merge = Identity.ApplyMergeRequest(unitID: unitID, intoID: intoID)
        return receivers.map { service in
            OutboxMessage(
                // One lane for all merges: what came to a unit goes on with it.
                lane: "merges:\(service)", destination: service, kind: Self.messageKind,
                // A unit is merged once.
                id: OutboxMessage.id(of: "\(Self.messageKind):\(service):\(unitID)"),
                // A request that cannot be packed (longer than 2 GiB) cannot occur here.
                payload: (try? merge.encodedBytes()) ?? [])
        }
    }
}

extension StoredUnit {
    /// Its last version.
    fileprivate var merged: StoredUnit {
        var unit = self
        unit.state = .merged
        unit.version += 1
        return unit
    }
}

extension Refusal {
    /// Who was an officer of a merged unit signs in for the other one only when its administrator wants it.
    /// - Parameter name: of the unit that goes on.
    /// - Parameter isListed: whether the person stands among that unit's officers, so that there is somebody to enable.
    static func merged(into name: String, isListed: Bool) -> Refusal {
        .denied("原单位已并入\(name)，请由该单位的管理员\(isListed ? "启用经办人" : "为您开设经办人账号")")
    }
}
